import { z } from 'zod';
import { RatingVersions } from '../../../catalog/index.ts';
import type { PricedEndpoint } from '../../../domain/calls/endpoint.ts';
import type { AttemptFact } from '../../../domain/facts/facts.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Plan } from '../../../domain/charges/plan.ts';
import { readPlan } from '../../../domain/charges/plan-terms.ts';
import { explainCost, type ExchangeRecord, toExchangeRecord } from '../../../gateway/index.ts';
import type { Journal } from '../../../journal/index.ts';
import type { Database } from '../../../storage/index.ts';
import { findPlanVersion } from '../../../tenants/index.ts';
import { id } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What this process knows of prices and plans without the database. */
export interface RatingViews {
  /** What rates an attempt at an endpoint that starts at an instant, as of now. */
  pricedNow(
    attempt: AttemptFact,
    request: { readonly model: string; readonly key: string },
  ): PricedEndpoint | undefined;
  /** The plan of a customer at an instant, as of now. */
  planNow(customer: string, atMs: number): Plan;
}

/** What costs are explained from. */
export interface CostDeps extends RatingViews {
  readonly journal: Journal;
  /** Undefined while there is none: then only what this process knows can be repeated. */
  currentDatabase(): Database | undefined;
}

const line = z.object({
  bucket: z.string(),
  units: z.number(),
  picosPerUnit: z.string(),
  picos: z.string(),
  assumedFrom: z.string().optional(),
  isFee: z.literal(true).optional(),
});

const rating = z
  .object({
    lines: z.array(line).readonly(),
    ratios: z.array(z.object({ kind: z.string(), ppm: z.string() })).readonly(),
    unpriced: z.array(z.string()).readonly(),
    costNanos: z.string().nullable(),
    costSource: z.string(),
    computedCostNanos: z.string().nullable(),
    reportedCostNanos: z.string().optional(),
    priceVersionId: z.string().optional(),
    contractVersionId: z.string().optional(),
    text: z.array(z.string()).readonly().meta({ description: 'The arithmetic for people, one step a line.' }),
  })
  .meta({ id: 'Rating' });

const isConfirmed = z
  .boolean()
  .nullable()
  .meta({ description: 'Computing it again gives what the journal says; null: the version is not known here.' });

const explanation = z
  .object({
    requestId: z.string(),
    status: z.string(),
    customer: z.string().nullable(),
    model: z.string().nullable(),
    attempts: z
      .array(
        z.object({
          attempt: z.number(),
          host: z.string(),
          upstreamModel: z.string(),
          startedAtMs: z.number(),
          flags: z.array(z.string()).readonly(),
          costNanos: z.string().nullable(),
          rating: rating.nullable(),
          isConfirmed,
        }),
      )
      .readonly(),
    costNanos: z.string().nullable(),
    charge: z
      .object({
        planVersionId: z.string(),
        chargeNanos: z.string().nullable(),
        absorbedNanos: z.string(),
        isConfirmed,
        text: z.array(z.string()).readonly(),
      })
      .nullable(),
    marginNanos: z.string().nullable(),
  })
  .meta({ id: 'CostExplanation' });

/** The route that shows the arithmetic of one request. */
export function requestCostRoutes(deps: CostDeps): ControlRoute[] {
  return [
    route({
      operationId: 'getRequestCost',
      method: 'get',
      path: '/requests/{requestId}/cost',
      tag: 'requests',
      summary: 'The arithmetic of one request: units times prices of each attempt, and the charge by the plan.',
      roles: staff,
      scope: 'organisation',
      withoutDatabase: true,
      params: z.strictObject({ requestId: id('req') }),
      answer: explanation,
      async handle({ params: { requestId } }) {
        const record = toExchangeRecord(requestId, await deps.journal.find(requestId));
        if (!record) throw new Fault('not_found', { message: `There is no request ${requestId}.` });
        const stored = await readStored(record, deps.currentDatabase());
        const pricedBy = (attempt: AttemptFact): PricedEndpoint | undefined =>
          storedPrice(attempt, stored) ?? knownPrice(attempt, record, deps);
        return explainCost(record, { pricedBy, plan: stored?.plan ?? knownPlan(record, deps) });
      },
    }),
  ];
}

/** What the database has of the versions that a record names. */
interface Stored {
  readonly versions: RatingVersions;
  readonly plan: Plan | undefined;
}

async function readStored(
  { attempts, final }: ExchangeRecord,
  database: Database | undefined,
): Promise<Stored | undefined> {
  if (database?.isAvailable() !== true) return undefined;
  const versions = new RatingVersions(database);
  await versions.load({
    prices: attempts.flatMap(({ priceVersionId }) => priceVersionId ?? []),
    contracts: attempts.flatMap(({ contractVersionId }) => contractVersionId ?? []),
  });
  const planId = final?.type === 'final' ? final.planVersionId : undefined;
  const found = planId === undefined ? undefined : await findPlanVersion({ database }, planId);
  const plan = found && readPlan({ name: found.plan, versionId: found.id, validFromMs: 0 }, found.terms);
  return { versions, plan };
}

function storedPrice(
  { priceVersionId = '', contractVersionId }: AttemptFact,
  stored: Stored | undefined,
): PricedEndpoint | undefined {
  const price = stored?.versions.price(priceVersionId);
  if (!price) return undefined;
  if (contractVersionId === undefined) return { price };
  const contract = stored?.versions.contract(contractVersionId);
  return contract && { price, contract };
}

/** What would rate the attempt today, if that is what rated it. */
function knownPrice(attempt: AttemptFact, { open, final }: ExchangeRecord, deps: CostDeps): PricedEndpoint | undefined {
  const told = open ?? (final?.type === 'final' ? final : undefined);
  if (!told) return undefined;
  const priced = deps.pricedNow(attempt, told);
  const { priceVersionId, contractVersionId } = attempt;
  const isSame = priced?.price?.versionId === priceVersionId && priced?.contract?.versionId === contractVersionId;
  return isSame ? priced : undefined;
}

function knownPlan({ open, final }: ExchangeRecord, deps: CostDeps): Plan | undefined {
  if (final?.type !== 'final') return undefined;
  return deps.planNow(final.customer, open?.atMs ?? final.atMs - final.totalMs);
}
