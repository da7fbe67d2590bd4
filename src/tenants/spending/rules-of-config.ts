import { hash } from 'node:crypto';
import type { Config } from '../../config/index.ts';
import { parseUsdAsNanos } from '../../domain/money/money.ts';
import type { BudgetRule, RateRule, SpendingRules } from './contract.ts';

/** The limits that the configuration file sets, by itself or for its keys and customers. */
export function rulesOfConfig({ organisation, customers, budgets, rateLimits, keys }: LimitsConfig): SpendingRules {
  const ofKeys = keys.flatMap(({ name, budget }) => (budget ? [budgetRule({ scope: 'key', name, ...budget })] : []));
  const ofCustomers = customers.flatMap(({ name, budget }) =>
    budget ? [budgetRule({ scope: 'customer', name, ...budget })] : [],
  );
  const rates: RateRule[] = [
    ...rateLimits,
    ...customers.flatMap(({ name, limits }) => (limits ? [{ scope: 'customer' as const, name, ...limits }] : [])),
    ...keys.map(({ name, limits }) => ({ scope: 'key' as const, name, ...limits })),
  ];
  return {
    budgets: uniqueById([...budgets.map(budgetRule), ...ofCustomers, ...ofKeys]),
    rates: rates.filter(
      ({ requestsPerMinute, tokensPerMinute, concurrent }) =>
        requestsPerMinute !== undefined || tokensPerMinute !== undefined || concurrent !== undefined,
    ),
    timeZone: organisation.timeZone,
    timeZones: new Map(customers.flatMap(({ name, timeZone }) => (timeZone === undefined ? [] : [[name, timeZone]]))),
  };
}

/** The limits of the file and of the database together; what the file says of a name wins. */
export function mergeRules(file: SpendingRules, database: SpendingRules | undefined): SpendingRules {
  if (database === undefined) return file;
  const inDatabase = new Set(database.budgets.map(({ id }) => id));
  return {
    // Those of the file are in the database as well, with what was spent of them.
    budgets: [...database.budgets, ...file.budgets.filter(({ id }) => !inDatabase.has(id))],
    rates: [...file.rates, ...database.rates],
    timeZone: database.timeZone,
    timeZones: new Map([...database.timeZones, ...file.timeZones]),
  };
}

type LimitsConfig = Pick<Config, 'organisation' | 'customers' | 'budgets' | 'rateLimits' | 'keys'>;

type BudgetSettings = Omit<Config['budgets'][number], 'customer' | 'timeZone'> &
  Partial<Pick<Config['budgets'][number], 'customer' | 'timeZone'>>;

/** The id tells what is counted, not the limit: changing the limit goes on counting. */
function budgetRule({ scope, name, customer, limitUsd, period, hard, timeZone }: BudgetSettings): BudgetRule {
  const identity = JSON.stringify([scope, name, customer ?? null, period, timeZone ?? null]);
  return {
    id: `yaml:${hash('sha256', identity, 'hex').slice(0, 24)}`,
    scope,
    name,
    customer,
    limitNanos: parseUsdAsNanos(limitUsd) ?? 0n,
    period,
    isHard: hard,
    timeZone,
  };
}

/** Two limits of one kind on the same thing are one: the lower. A soft one beside a hard one stays. */
function uniqueById(rules: readonly BudgetRule[]): BudgetRule[] {
  const byId = new Map<string, BudgetRule>();
  for (const rule of rules) {
    const id = rule.isHard ? rule.id : `${rule.id}:soft`;
    const known = byId.get(id);
    if (known === undefined || rule.limitNanos < known.limitNanos) byId.set(id, { ...rule, id });
  }
  return [...byId.values()];
}
