import { hash } from 'node:crypto';
import { PriceDesk } from '../catalog/index.ts';
import type { Config, LoadedConfig } from '../config/index.ts';
import type { Fact } from '../domain/facts.ts';
import { atCostPlan, type Plan, planAt } from '../domain/plan.ts';
import { readPlan } from '../domain/plan-terms.ts';
import type { MoneyPorts } from '../gateway/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type ReservationGate, rulesOfConfig, SpendingRestorer, SpendingService } from '../tenants/index.ts';

/** Money as the gateway asks about it, with what changes it while the gateway runs. */
export interface Money {
  readonly ports: MoneyPorts;
  readonly gate: ReservationGate;
  /** Takes limits, plans and contracts of another configuration. */
  adopt(loaded: LoadedConfig): void;
  /** Is told every fact of the journal at the start, in its order: what was spent before counts. */
  restore(fact: Fact): void;
  close(): Promise<void>;
}

/** What a configuration says about money. */
interface Terms {
  readonly desk: PriceDesk;
  readonly plans: ReadonlyMap<string, readonly Plan[]>;
}

/** Opens the limits of this process, the terms of its customers and its contracts with hosts. */
export async function openMoney(
  loaded: LoadedConfig,
  { clock, logger, gatewayId }: { clock: Clock; logger: Logger; gatewayId: string },
): Promise<Money> {
  const service = new SpendingService({
    clock,
    logger,
    gatewayId,
    notice: (notice) => logger.warn({ notice }, 'a limit needs attention'),
  });
  const restorer = new SpendingRestorer(service.gate);
  let terms: Terms;
  const adopt = ({ config }: LoadedConfig): void => {
    terms = { desk: new PriceDesk(config.contracts), plans: plansOf(config) };
    service.setRules(rulesOfConfig(config));
  };
  adopt(loaded);
  await service.start();
  return {
    gate: service.gate,
    adopt,
    ports: {
      gate: service.gate,
      planOf: (customer, atMs) => planAt(terms.plans.get(customer) ?? [], atMs) ?? atCostPlan,
      priceOf: (endpoint, atMs, key) => terms.desk.priceOf(endpoint, atMs, key),
    },
    restore: (fact) => restorer.add(fact),
    close: () => service.close(),
  };
}

/** Plans of customers by the configuration. A version is named by its content: the same terms are the same version. */
function plansOf({ plans, customers }: Config): ReadonlyMap<string, readonly Plan[]> {
  const read = new Map<string, Plan>();
  for (const [name, terms] of Object.entries(plans)) {
    const digest = hash('sha256', JSON.stringify(terms), 'hex').slice(0, 16);
    read.set(name, readPlan({ name, versionId: `${name}@${digest}`, validFromMs: 0 }, terms));
  }
  return new Map(
    customers.flatMap(({ name, plan }) => {
      const found = plan === undefined ? undefined : read.get(plan);
      return found ? [[name, [found]] as const] : [];
    }),
  );
}
