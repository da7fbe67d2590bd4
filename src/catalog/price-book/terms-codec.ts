import { z } from 'zod';
import type { PriceTerms } from '../../domain/rating/price.ts';
import { usageBuckets } from '../../domain/rating/usage.ts';

/** Integers beyond what JSON numbers hold travel as texts. */
const integerText = z
  .string()
  .regex(/^[0-9]{1,30}$/, 'must be a whole number as text')
  .transform((text) => BigInt(text));

const bucketPrices = z.partialRecord(z.enum(usageBuckets), integerText);
const timeOfDayMs = z.int().min(0).max(86_400_000);

const condition = z
  .strictObject({
    minTotalInputGt: z.int().min(0).optional(),
    serviceTier: z.string().min(1).max(64).optional(),
    batch: z.boolean().optional(),
    utcStartMs: timeOfDayMs.optional(),
    utcEndMs: timeOfDayMs.optional(),
    region: z.string().min(1).max(64).optional(),
  })
  .refine(({ utcStartMs, utcEndMs }) => (utcStartMs === undefined) === (utcEndMs === undefined), {
    message: 'utcStartMs and utcEndMs come together',
  })
  .refine(({ utcStartMs, utcEndMs }) => utcStartMs === undefined || utcStartMs !== utcEndMs, {
    message: 'a window needs a length',
  });

/** A price as JSON carries it: pico-USD per unit as texts. For the database and for prices that people set. */
const termsSchema = z.strictObject({
  picosPerUnit: bucketPrices,
  picosPerCall: integerText.optional(),
  rules: z
    .array(z.strictObject({ when: condition, picosPerUnit: bucketPrices }))
    .max(200)
    .optional(),
  tierMode: z.enum(['cliff', 'marginal']).optional(),
  batchRatioPpm: integerText.optional(),
  regionRatioPpm: z.record(z.string().min(1).max(64), integerText).optional(),
});

/** Reads a price from its JSON; throws a ZodError that names the field. */
export function decodeTerms(value: unknown): PriceTerms {
  return dropUndefined(termsSchema.parse(value));
}

/** Writes a price as JSON. */
export function encodeTerms(terms: PriceTerms): z.input<typeof termsSchema> {
  const { picosPerUnit, picosPerCall, rules, tierMode, batchRatioPpm, regionRatioPpm } = terms;
  return {
    picosPerUnit: texts(picosPerUnit),
    ...(picosPerCall !== undefined && { picosPerCall: picosPerCall.toString() }),
    ...(rules && { rules: rules.map((rule) => ({ when: { ...rule.when }, picosPerUnit: texts(rule.picosPerUnit) })) }),
    ...(tierMode && { tierMode }),
    ...(batchRatioPpm !== undefined && { batchRatioPpm: batchRatioPpm.toString() }),
    ...(regionRatioPpm && { regionRatioPpm: texts(regionRatioPpm) }),
  };
}

function texts(values: { readonly [name: string]: bigint | undefined }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.toString()]])),
  );
}

/** zod says `undefined` where the domain says absent; there are no such keys, only such types. */
function dropUndefined(terms: z.output<typeof termsSchema>): PriceTerms {
  return terms as PriceTerms;
}
