import { z } from 'zod';

const maxInt64 = 9_223_372_036_854_775_807n;
const plainText = /^[^\p{Cc}\p{Cs}]*$/u;

/** Text for people: no control characters, which a database or a terminal would trip over. */
export const text = (maxLength = 200): z.ZodString =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(maxLength, `must be at most ${maxLength} characters`)
    .regex(plainText, 'must not hold control characters');

/** An id made by Switchyard: a prefix and 32 hexadecimal digits. */
export const id = (prefix: string): z.ZodString =>
  z.string().regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), `must be an id: ${prefix}_ and 32 hexadecimal digits`);

/** A name that stands in URLs, command lines and configuration. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');

function nanosWithin(pattern: RegExp, sentence: string): z.ZodType<bigint, string> {
  return z
    .string()
    .regex(pattern, sentence)
    .refine((digits) => !pattern.test(digits) || fitsInt64(digits), 'must fit 64 bits: at most 9223372036854775807')
    .transform((digits) => (pattern.test(digits) ? BigInt(digits) : 0n));
}

function fitsInt64(digits: string): boolean {
  const amount = BigInt(digits);
  return amount <= maxInt64 && amount >= -maxInt64;
}

/** An amount of nano-USD that may be 0. */
export const nanos = nanosWithin(
  /^(0|[1-9][0-9]{0,19})$/,
  'must be a whole amount of nano-USD in decimal digits, such as "5000000000" for $5.00',
);

/** An amount of nano-USD above 0. */
export const positiveNanos = nanosWithin(
  /^[1-9][0-9]{0,19}$/,
  'must be a whole amount of nano-USD above 0 in decimal digits, such as "5000000000" for $5.00',
);

/** An amount as handlers give it: the framework writes it as decimal text, which the document says. */
export const nanosAsText = z
  .custom<bigint>((value) => typeof value === 'bigint')
  .meta({
    id: 'Nanos',
    type: 'string',
    pattern: '^-?[0-9]+$',
    description: 'Whole nano-USD as decimal text.',
    examples: ['5000000000'],
  });

/** An instant in milliseconds since the epoch, up to the year 9999. */
export const instantMs = z.int('must be milliseconds since the epoch').min(0).max(253_402_300_799_999);

/** The same as a query parameter, where everything is text; a date is its first instant in UTC. */
export const instantText = z
  .string()
  .regex(
    /^([0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2})$/,
    'must be milliseconds since the epoch or a date such as 2026-11-01',
  )
  .refine((value) => !Number.isNaN(toInstant(value)), 'must be a date that exists, such as 2026-11-01')
  .transform(toInstant);

function toInstant(value: string): number {
  return /^[0-9]{1,15}$/.test(value) ? Number(value) : Date.parse(`${value}T00:00:00Z`);
}

/** An IANA time zone. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be a time zone such as UTC or Europe/Berlin')
  .meta({ examples: ['UTC', 'Europe/Berlin'] });

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    // The constructor throws for unknown zones only.
    return false;
  }
}

/** Parameters of every list. */
export const pageFields = {
  limit: z
    .string()
    .regex(/^([1-9][0-9]?|1[0-9]{2}|200)$/, 'must be a whole number from 1 to 200')
    .default('50')
    .transform(Number)
    .meta({ description: 'Rows of a page, 1 to 200.' }),
  cursor: z
    .string()
    .max(512)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be the nextCursor of the page before')
    .optional()
    .meta({ description: 'nextCursor of the page before.' }),
};

/** Answer of a list. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    data: z.array(row),
    nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one.' }),
  });
