import { z } from 'zod';
import { type PriceUnit, parseUnitPrice } from '../domain/money/money.ts';
import type { UsageBucket } from '../domain/rating/usage.ts';

/** Prices and ratios keep their source text: they never pass through a float. */
const decimalPattern = /^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
const priceText = priceIn('usdPerMillion', 'must be a price in USD per million units, for example 0.15');
const ratioText = z.string().regex(/^[0-9]{1,6}(\.[0-9]{1,6})?$/, 'must be a ratio with at most 6 decimals, like 0.85');
const timeOfDay = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day like 00:30');

const unitPrice = (of: string) => priceText.optional().meta({ description: `USD per million ${of}.` });

const bucketPrices = {
  input: unitPrice('units of fresh input'),
  cacheRead: unitPrice('units of input read from the prompt cache'),
  cacheWrite5m: unitPrice('units written to the prompt cache for five minutes'),
  cacheWrite1h: unitPrice('units written to the prompt cache for an hour'),
  output: unitPrice('units of output'),
  reasoning: unitPrice('units of reasoning; default: the price of output'),
  audioIn: unitPrice('units of sound in'),
  audioOut: unitPrice('units of sound out'),
  imageIn: unitPrice('units of images in, or images where the host counts those'),
  imageOut: unitPrice('units of images out, or images where the host counts those'),
  videoIn: unitPrice('units of video in'),
  requests: unitPrice('searches and other counted requests: 10000 is a cent each'),
  computeMs: unitPrice('milliseconds of machine time'),
} satisfies { [Bucket in UsageBucket]: z.ZodType };

/** Prices that hold under conditions: all of those stated. */
const ruleSchema = z
  .strictObject({
    overInput: z
      .string()
      .regex(/^[0-9]{1,12}$/, 'must be a number of input units')
      .optional()
      .meta({ description: 'Total input, cached and written units included, is greater than this.' }),
    serviceTier: z.string().min(1).optional().meta({ description: 'Tier that the host says it served.' }),
    batch: z.enum(['true', 'false']).optional().meta({ description: 'Whether the request is part of a batch.' }),
    region: z.string().min(1).optional().meta({ description: 'Where the host computes.' }),
    from: timeOfDay.optional().meta({ description: 'Start of a daily window in UTC, inclusive.' }),
    to: timeOfDay.optional().meta({ description: 'End of the window, exclusive; may lie beyond midnight.' }),
    ...bucketPrices,
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined) && (from === undefined || from !== to), {
    message: 'from and to come together and differ',
  });

/** Prices of an endpoint by usage bucket, USD per million, and what changes them. */
export const priceSchema = z
  .strictObject({
    ...bucketPrices,
    call: priceIn('usdPerUnit', 'must be USD').optional().meta({ description: 'USD for each call.' }),
    rules: z
      .array(ruleSchema)
      .max(200)
      .optional()
      .meta({ description: 'Prices under conditions; of those that hold the last wins, bucket by bucket.' }),
    mode: z.enum(['cliff', 'marginal']).optional().meta({
      description: 'Beyond `overInput` everything costs the price of the rule (cliff), or only the rest (marginal).',
    }),
    batch: ratioText.optional().meta({ description: 'Share of the price that batches cost, for example 0.5.' }),
    regions: z
      .record(z.string().min(1), ratioText)
      .optional()
      .meta({ description: 'What regions cost relative to the price: 1.1 is ten percent more.' }),
  })
  .meta({ description: 'USD per million units, by usage bucket.' });

const instant = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** One entry of `contracts`: what was agreed with a host beside its list price. */
export const contractSchema = z
  .strictObject({
    host: z.string().min(1).optional().meta({ description: 'Only requests to this host.' }),
    model: z.string().min(1).optional().meta({ description: 'Only this model, by its name here or at the host.' }),
    key: z.string().min(1).optional().meta({ description: 'Only requests of this key.' }),
    ratio: ratioText.optional().meta({ description: 'Share of the list price that is paid: 0.85 is 15 % off.' }),
    price: priceSchema.optional().meta({ description: 'The price that was agreed, in place of the list price.' }),
    from: instant.optional().meta({ description: 'First day or instant, UTC; default: since ever.' }),
    to: instant.optional().meta({ description: 'First day or instant on which it no longer holds; default: never.' }),
  })
  .refine(({ host, model, key }) => host !== undefined || model !== undefined || key !== undefined, {
    message: 'name a host, a model or a key',
  })
  .refine(({ ratio, price }) => (ratio === undefined) !== (price === undefined), {
    message: 'give either a ratio or a price',
  });

/** A price as text. One that is too small to be counted must not become 0, which is free. */
function priceIn(unit: PriceUnit, error: string) {
  return z
    .string()
    .regex(decimalPattern, { error, abort: true })
    .refine((text) => parseUnitPrice(text, unit) !== undefined, { error, abort: true })
    .refine(
      (text) => isNothing(text) || picosOf(text, unit) > 0n,
      'is less than the smallest price that can be counted',
    );
}

function picosOf(text: string, unit: PriceUnit): bigint {
  const price = parseUnitPrice(text, unit);
  return typeof price === 'object' ? price.picosPerUnit : 0n;
}

function isNothing(text: string): boolean {
  return /^[0.]+([eE]|$)/.test(text);
}
