import { z } from 'zod';
import type { AliasMemory } from './alias-board.ts';
import type { EndpointMemory } from './endpoint-book.ts';
import { flattenTerms } from './flat-terms.ts';
import type { Quote } from './quote.ts';
import { decodeTerms, encodeTerms } from './terms-codec.ts';

const instant = z.number().nullable();
const quoteSchema = z.object({
  source: z.string(),
  terms: z.unknown(),
  firstSeenMs: z.number(),
  movedAtMs: instant,
  seenMs: z.number(),
  removedAtMs: instant,
  sourceText: z.string(),
  sourceHash: z.string().nullable(),
  inexact: z.boolean(),
});
const memorySchema = z.object({
  quotes: z.array(quoteSchema),
  moves: z.array(z.object({ source: z.string(), from: z.unknown(), sinceMs: z.number() })),
  told: z.object({
    known: z.record(z.string(), z.string()),
    disputes: z.array(z.string()),
    last: z.object({ id: z.string(), figures: z.array(z.string()), severity: z.enum(['notice', 'page']) }).nullable(),
  }),
  clockMs: z.number(),
  isManual: z.boolean(),
  isDynamic: z.boolean(),
});
const aliasSchema = z.object({
  aliasId: z.string(),
  spans: z.array(z.object({ endpointId: z.string(), fromMs: z.number() })),
  said: z.array(z.object({ source: z.string(), endpointId: z.string() })),
});

/** Writes what the price book remembers of an endpoint as JSON text. */
export function encodeMemory({ quotes, moves, told, clockMs, isManual, isDynamic }: EndpointMemory): string {
  return JSON.stringify({
    quotes: quotes.map(encodeQuote),
    moves: moves.map(({ source, from, sinceMs }) => ({ source, from: encodeTerms(from), sinceMs })),
    told: {
      known: Object.fromEntries([...told.known].map(([name, value]) => [name, value.toString()])),
      disputes: told.disputes,
      last: told.last ?? null,
    },
    clockMs,
    isManual,
    isDynamic,
  });
}

/** Reads it back. */
export function decodeMemory(value: unknown): EndpointMemory {
  const { quotes, moves, told, ...rest } = memorySchema.parse(value);
  return {
    ...rest,
    quotes: quotes.map(decodeQuote),
    moves: moves.map(({ source, from, sinceMs }) => ({ source, from: decodeTerms(from), sinceMs })),
    told: {
      known: new Map(Object.entries(told.known).map(([name, text]) => [name, BigInt(text)])),
      disputes: told.disputes,
      last: told.last ?? undefined,
    },
  };
}

/** Reads what the price book remembers of an alias. */
export function decodeAlias(value: unknown): AliasMemory {
  return aliasSchema.parse(value);
}

function encodeQuote(quote: Quote): z.input<typeof quoteSchema> {
  const { source, firstSeenMs, seenMs, sourceText, inexact } = quote;
  return {
    source,
    terms: encodeTerms(quote.terms),
    firstSeenMs,
    movedAtMs: quote.movedAtMs ?? null,
    seenMs,
    removedAtMs: quote.removedAtMs ?? null,
    sourceText,
    sourceHash: quote.sourceHash ?? null,
    inexact,
  };
}

function decodeQuote(quote: z.output<typeof quoteSchema>): Quote {
  const terms = decodeTerms(quote.terms);
  return {
    ...quote,
    terms,
    flat: flattenTerms(terms),
    movedAtMs: quote.movedAtMs ?? undefined,
    removedAtMs: quote.removedAtMs ?? undefined,
    sourceHash: quote.sourceHash ?? undefined,
  };
}
