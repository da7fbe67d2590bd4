import { type PollState, PriceDesk, type PriceSource, type StoredPriceBook } from '../catalog/index.ts';
import { type Config, type LoadedConfig, readSecret } from '../config/index.ts';
import type { Fact } from '../domain/facts/facts.ts';
import { atCostPlan, type Plan, planAt } from '../domain/charges/plan.ts';
import { readPlan } from '../domain/charges/plan-terms.ts';
import type { Price, PriceContract } from '../domain/rating/price.ts';
import type { MoneyPorts } from '../gateway/index.ts';
import type { Projection } from '../ledger/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../storage/index.ts';
import {
  type ControlSnapshot,
  type LastCount,
  mergeRules,
  openRedisRates,
  planVersionId,
  rateWindowMs,
  type RateRule,
  rulesOfConfig,
  type SharedRates,
  SpendingRestorer,
  SpendingService,
} from '../tenants/index.ts';

/** What works on the open database, for who looks at it from outside. */
export interface MoneyWork {
  readonly book: StoredPriceBook;
  readonly projection: Projection;
  readonly gatewayId: string;
  pollStates(): readonly PollState[];
}

/** Money as the gateway asks about it, with what changes it while the gateway runs. */
export interface Money {
  readonly ports: MoneyPorts;
  readonly spending: SpendingService;
  /** Takes limits, plans and contracts of another configuration. */
  adopt(loaded: LoadedConfig): void;
  /** Takes limits that the database adds to those of the configuration. */
  adoptSnapshot(snapshot: ControlSnapshot): void;
  /** Takes the plans of customers as the database knows them, those of the configuration among them. */
  adoptPlans(plans: ReadonlyMap<string, readonly Plan[]>): void;
  /** Takes the price book: from now on it prices what the configuration leaves open. */
  usePrices(source: PriceSource): void;
  /** Takes what works on the open database, or that it ended. */
  follow(work: MoneyWork | undefined): void;
  /** Undefined while there is no database. */
  work(): MoneyWork | undefined;
  /** Agreed prices and contracts that facts will name. */
  agreed(): { readonly prices: readonly Price[]; readonly contracts: readonly PriceContract[] };
  /** Is told every fact of the journal at the start, in its order: what was spent before counts. */
  restore(fact: Fact): void;
  close(): Promise<void>;
}

/** What money is opened with. */
export interface MoneyDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gatewayId: string;
  /** How many gateways shared the limits when this one ran last. */
  readonly lastCount: LastCount;
  /** Undefined while it starts. */
  database(): Database | undefined;
}

/** A database of its own serves one gateway; a foreign server may serve many. */
export function sharesDatabase(setting: Config['database']): boolean {
  return !['embedded', 'pglite', 'off'].includes(setting);
}

/** Opens the limits of this process, the terms of its customers and its contracts with hosts. */
export async function openMoney(loaded: LoadedConfig, deps: MoneyDeps): Promise<Money> {
  const { clock, logger, gatewayId, lastCount } = deps;
  const setting = loaded.config.database;
  const isAlone = setting === 'off';
  const sharedRates = await openSharedRates(loaded, deps);
  const spending = new SpendingService({
    clock,
    logger,
    gatewayId,
    lastCount,
    sharedRates,
    notice: (notice) => logger.warn({ notice }, 'a limit needs attention'),
    ...(!isAlone && { database: deps.database, mode: sharesDatabase(setting) ? 'chunked' : 'whole' }),
  });
  const restorer = new SpendingRestorer(spending.gate, { charges: isAlone, ratesFromMs: clock.nowMs() - rateWindowMs });
  let current = loaded.config;
  let source: PriceSource | undefined;
  let work: MoneyWork | undefined;
  let snapshot: ControlSnapshot | undefined;
  let desk = new PriceDesk(current.contracts);
  let plans = plansOf(current);
  const setRules = (): void => spending.setRules(mergeRules(rulesOfConfig(current), snapshot && rulesOf(snapshot)));
  setRules();
  await spending.start();
  return {
    spending,
    ports: {
      gate: spending.gate,
      planOf: (customer, atMs) => planAt(plans.get(customer) ?? [], atMs) ?? atCostPlan,
      priceOf: (endpoint, atMs, key) => desk.priceOf(endpoint, atMs, key),
    },
    adopt({ config }) {
      current = config;
      desk = new PriceDesk(config.contracts, source);
      plans = new Map([...plans, ...plansOf(config)]);
      setRules();
    },
    adoptSnapshot(next) {
      snapshot = next;
      setRules();
    },
    adoptPlans(next) {
      plans = next;
    },
    usePrices(next) {
      source = next;
      desk = new PriceDesk(current.contracts, source);
    },
    follow(next) {
      work = next;
    },
    work: () => work,
    agreed: () => desk.versions,
    // With a database the projection counts what was spent.
    restore: (fact) => restorer.add(fact),
    close: () => spending.close(),
  };
}

/** Rate limits that are counted together with other gateways, when the configuration names where. */
async function openSharedRates(
  { config, secrets }: LoadedConfig,
  { clock, logger }: Pick<MoneyDeps, 'clock' | 'logger'>,
): Promise<SharedRates | undefined> {
  const reference = config.sharedRates?.redis;
  const url = reference === undefined ? undefined : readSecret(reference, secrets);
  return url === undefined ? undefined : openRedisRates(url, { clock, logger });
}

/** Limits of the database: its budgets and rates, and the rates of its keys. */
function rulesOf({ rules, keys }: ControlSnapshot): ControlSnapshot['rules'] {
  const ofKeys = keys.map(({ name, limits }): RateRule => ({ scope: 'key', name, ...limits }));
  const limiting = ofKeys.filter((rule) => rule.requestsPerMinute ?? rule.tokensPerMinute ?? rule.concurrent);
  return { ...rules, rates: [...rules.rates, ...limiting] };
}

function plansOf({ plans, customers }: Config): ReadonlyMap<string, readonly Plan[]> {
  const read = new Map<string, Plan>();
  for (const [name, terms] of Object.entries(plans)) {
    read.set(name, readPlan({ name, versionId: planVersionId(name, terms), validFromMs: 0 }, terms));
  }
  return new Map(
    customers.flatMap(({ name, plan }) => {
      const found = plan === undefined ? undefined : read.get(plan);
      return found ? [[name, [found]] as const] : [];
    }),
  );
}
