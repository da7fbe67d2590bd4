import type { Kysely } from 'kysely';
import { type BillingPeriod, localDayAt } from '../../domain/money/periods.ts';
import { atCostPlan } from '../../domain/charges/plan.ts';
import { type PlanTerms, readPlan } from '../../domain/charges/plan-terms.ts';
import type { Tables } from '../../storage/index.ts';
import type { TermSpan } from './invoice-line.ts';

/** Whom an invoice is for. */
export interface BilledCustomer {
  readonly id: string;
  readonly displayName: string;
  readonly timeZone: string;
  /** Address, tax id and the like, as the invoice prints them. */
  readonly billing: { readonly [name: string]: string };
}

/** Who sends it. */
export interface BillingOrganisation {
  readonly name: string;
  readonly currency: string;
}

/** The customer and the organisation of an invoice; undefined when there is no such customer. */
export async function readParties(
  executor: Kysely<Tables>,
  customerId: string,
): Promise<{ readonly customer: BilledCustomer; readonly organisation: BillingOrganisation } | undefined> {
  const organisation = await executor.selectFrom('organisation').selectAll().executeTakeFirstOrThrow();
  const row = await executor.selectFrom('customer').selectAll().where('id', '=', customerId).executeTakeFirst();
  if (!row) return undefined;
  const customer = {
    id: row.id,
    displayName: row.display_name,
    timeZone: row.time_zone ?? organisation.time_zone,
    billing: row.billing ?? {},
  };
  return { customer, organisation: { name: organisation.name, currency: row.currency ?? organisation.currency } };
}

/**
 * The plans of a customer within a period, by local day: the day of a change belongs to the new plan. Days without a
 * subscription are at cost, so that their use is billed.
 */
export async function readTerms(
  executor: Kysely<Tables>,
  customerId: string,
  period: BillingPeriod,
): Promise<readonly TermSpan[]> {
  const rows = await executor
    .selectFrom('subscription')
    .innerJoin('plan_version', 'plan_version.id', 'subscription.plan_version_id')
    .select(['plan_version.id', 'plan_id', 'terms', 'seats', 'valid_from_ms', 'valid_to_ms'])
    .where('customer_id', '=', customerId)
    .where('valid_from_ms', '<', BigInt(period.endMs))
    .where((where) => where.or([where('valid_to_ms', 'is', null), where('valid_to_ms', '>', BigInt(period.startMs))]))
    .orderBy('valid_from_ms')
    .execute();
  const spans: TermSpan[] = [];
  let day = period.startDay;
  for (const row of rows) {
    const validFromMs = Number(row.valid_from_ms);
    const startDay = Math.max(day, localDayAt(Math.max(validFromMs, period.startMs), period.timeZone));
    const endDay =
      row.valid_to_ms === null
        ? period.endDay
        : Math.min(period.endDay, localDayAt(Number(row.valid_to_ms), period.timeZone));
    if (endDay <= startDay) continue;
    if (startDay > day) spans.push({ plan: atCostPlan, seats: 0n, startDay: day, endDay: startDay });
    // Terms were checked when the version was made.
    const terms = row.terms as PlanTerms;
    const plan = readPlan({ name: row.plan_id, versionId: row.id, validFromMs }, terms);
    spans.push({ plan, seats: BigInt(row.seats), startDay, endDay });
    day = endDay;
  }
  if (day < period.endDay) spans.push({ plan: atCostPlan, seats: 0n, startDay: day, endDay: period.endDay });
  return spans;
}
