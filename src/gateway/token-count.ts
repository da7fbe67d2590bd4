import type { DispatchResult } from '../dispatch/index.ts';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import type { Provider } from '../providers/contract.ts';
import type { AdmittedExchange } from './settle.ts';

/** The candidates that count tokens in the client's own dialect. */
export function countingEndpoints(
  { received, choice }: AdmittedExchange,
  providerOf: (endpoint: Endpoint) => Provider,
): readonly Endpoint[] {
  const { dialect } = received.inbound;
  return choice.decision.ranked.filter(
    (endpoint) =>
      endpoint.capabilities.countTokens !== false &&
      providerOf(endpoint).dialectFor(endpoint, 'count-tokens', dialect) === dialect,
  );
}

/** Our own estimate where no candidate counts; undefined for dialects without such a route. */
export function estimatedCount({ received, head, choice }: AdmittedExchange): DispatchResult | undefined {
  const body = received.inbound.encodeTokenCount?.(head.estimateInputTokens());
  const [endpoint] = choice.decision.ranked;
  if (body === undefined || endpoint === undefined) return undefined;
  return {
    status: 'completed',
    inBand: false,
    endpoint,
    attempts: 0,
    costNanos: 0n,
    dropped: [],
    added: [],
    continued: false,
    answer: { status: 200, contentType: 'application/json', body: JSON.stringify(body), estimated: true },
  };
}
