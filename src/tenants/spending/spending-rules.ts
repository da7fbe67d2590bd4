import type { Kysely } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import type { BudgetRule, RateRule, SpendingRules } from './contract.ts';

/** Reads every limit that holds now; token budgets come with their tokens. */
export async function readSpendingRules(db: Kysely<Tables>): Promise<SpendingRules> {
  const organisation = await db.selectFrom('organisation').select('time_zone').executeTakeFirst();
  const customers = await db
    .selectFrom('customer')
    .select(['id', 'time_zone'])
    .where('time_zone', 'is not', null)
    .execute();
  const budgets = await db
    .selectFrom('budget')
    .selectAll()
    .where('status', '=', 'active')
    .where('scope', '<>', 'token')
    .orderBy('id')
    .execute();
  const rates = await db.selectFrom('rate_limit').selectAll().orderBy('id').execute();
  const keys = await db
    .selectFrom('api_key')
    .select(['name', 'limits'])
    .where('status', '=', 'active')
    .where('source', '=', 'api')
    .orderBy('name')
    .execute();
  return {
    timeZone: organisation?.time_zone ?? 'UTC',
    timeZones: new Map(customers.map(({ id, time_zone }) => [id, time_zone ?? 'UTC'])),
    budgets: budgets.map(toBudgetRule),
    rates: [
      ...rates.map(toRateRule),
      ...keys
        .filter(({ limits }) => Object.keys(limits).length > 0)
        .map(({ name, limits }): RateRule => ({ scope: 'key', name, ...limits })),
    ],
  };
}

type BudgetRow = Pick<
  Tables['budget'],
  'id' | 'scope' | 'name' | 'customer_id' | 'limit_nanos' | 'period' | 'is_hard' | 'time_zone' | 'counted_from_ms'
>;

/** A row of `budget` as the rule it is. */
function toBudgetRule(row: BudgetRow): BudgetRule {
  return {
    id: row.id,
    scope: row.scope,
    name: row.name,
    customer: row.customer_id ?? undefined,
    limitNanos: row.limit_nanos,
    period: row.period,
    isHard: row.is_hard,
    timeZone: row.time_zone ?? undefined,
    countedFromMs: Number(row.counted_from_ms),
  };
}

function toRateRule(row: Tables['rate_limit']): RateRule {
  return {
    scope: row.scope,
    name: row.name,
    customer: row.customer_id ?? undefined,
    requestsPerMinute: row.requests_per_minute ?? undefined,
    tokensPerMinute: row.tokens_per_minute === null ? undefined : Number(row.tokens_per_minute),
    concurrent: row.concurrent ?? undefined,
  };
}
