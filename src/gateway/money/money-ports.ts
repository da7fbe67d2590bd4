import type { Endpoint, PricedEndpoint } from '../../domain/calls/endpoint.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import type { SpendingGate } from '../../tenants/index.ts';

/** What the gateway asks about money; answers are immediate, from snapshots in memory. */
export interface MoneyPorts {
  readonly gate: SpendingGate;
  /** Terms of a customer at an instant; a customer without a plan pays what its requests cost. */
  planOf(customer: string, atMs: number): Plan;
  /** Price of an endpoint at an instant, and the contract that applies to a key's calls. */
  priceOf(endpoint: Endpoint, atMs: number, key: string): PricedEndpoint;
}
