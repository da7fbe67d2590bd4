import { z } from 'zod';
import { type PlanTerms, PlanTermsError, planProblems, readPlan } from '../domain/charges/plan-terms.ts';
import { usageBuckets } from '../domain/rating/usage.ts';

const decimalText = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)?$/, { error: 'must be a number, for example 0.15', abort: true });
const countText = z.string().regex(/^[0-9]+$/, { error: 'must be a whole number', abort: true });
const usd = (description: string) => decimalText.optional().meta({ description: `${description}, in USD.` });
const percent = (description: string) => decimalText.optional().meta({ description: `${description}, in percent.` });

const meterSchema = z.strictObject({
  name: z.string().min(1).max(64).meta({ description: 'Appears on invoices.' }),
  buckets: z.array(z.enum(usageBuckets)).min(1).meta({ description: 'Usage buckets that are counted together.' }),
  models: z.array(z.string().min(1)).min(1).optional().meta({ description: 'Models that count; all when absent.' }),
  includedUnits: countText.optional().meta({ description: 'Units that the base fee pays for, per month.' }),
  includedUnitsPerSeat: countText.optional().meta({ description: 'Units that each seat adds to them.' }),
  mode: z.enum(['graduated', 'volume']).optional().meta({
    description: 'graduated: a unit costs what its own step says. volume: all cost what the reached step says.',
  }),
  steps: z
    .array(
      z.strictObject({
        upTo: countText.optional().meta({ description: 'Last unit of the step; absent on the last step.' }),
        price: decimalText.meta({ description: 'USD per million units.' }),
      }),
    )
    .min(1)
    .max(32)
    .meta({ description: 'Prices by volume, counted from the first unit that is not included.' }),
});

/** One entry of `plans`, and the terms that the control API takes: what customers pay. */
export const planSchema = z
  .strictObject({
    markupPercent: percent('Added to the cost of use'),
    prices: z
      .record(z.string().min(1), z.partialRecord(z.enum(usageBuckets), decimalText))
      .optional()
      .meta({ description: 'Own prices by model, USD per million units by bucket; `*` is every other model.' }),
    jobPrices: z
      .record(z.string().min(1), decimalText)
      .optional()
      .meta({ description: 'A fixed price in USD for each done exchange of a job.' }),
    outcomePrices: z
      .array(
        z.strictObject({
          kind: z.string().min(1).meta({ description: 'Kind of the outcome.' }),
          job: z.string().min(1).optional().meta({ description: 'Only for this job.' }),
          atLeast: z.coerce.number().optional().meta({ description: 'Least value that is paid.' }),
          price: decimalText.meta({ description: 'USD per outcome.' }),
        }),
      )
      .optional()
      .meta({ description: 'What is paid when an outcome arrives, and not before.' }),
    meters: z.array(meterSchema).max(32).optional().meta({ description: 'Included units and prices by volume.' }),
    cachedPercent: percent('Share of the saved cost that an answer from the cache is charged on'),
    attempts: z.enum(['last', 'all']).optional().meta({
      description: 'last: what was delivered is charged. all: failed tries before it as well.',
    }),
    chargeFloorPercent: percent('A charge is never less than this share of its cost'),
    marginFloorPercent: percent(
      'A margin under this share of the charge is logged, once per customer and day; a price that takes it there raises an alert',
    ),
    baseFee: usd('Fee per month'),
    seatFee: usd('Fee per seat and month'),
    commitment: usd('Least that is paid per month'),
    packs: z
      .array(
        z.strictObject({
          name: z.string().min(1).meta({ description: 'Name of the pack.' }),
          price: decimalText.meta({ description: 'What it costs, in USD.' }),
          credit: decimalText.meta({ description: 'The credit it gives, in USD.' }),
          validDays: countText.optional().meta({ description: 'Days until unused credit expires.' }),
        }),
      )
      .optional()
      .meta({ description: 'Prepaid credit on sale, bought by the name of the pack.' }),
  })
  .superRefine((terms, context) => {
    for (const message of problemsOf(terms)) context.addIssue({ code: 'custom', message });
  })
  .meta({ description: 'What customers pay: markup on cost, own prices, meters, fees.' });

function problemsOf(terms: PlanTerms): readonly string[] {
  const problems = planProblems(terms);
  if (problems.length > 0) return problems;
  try {
    readPlan({ name: 'plan', versionId: 'plan@1', validFromMs: 0 }, terms);
    return [];
  } catch (error) {
    if (error instanceof PlanTermsError) return [error.message];
    throw error;
  }
}
