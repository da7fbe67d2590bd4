import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PriceTerms } from '../../domain/rating/price.ts';
import { rate } from '../../domain/rating/rating.ts';
import type { BookEvent, PriceAlert } from './book-event.ts';
import type { Observation, QuoteObservation } from './observation.ts';
import { PriceBook } from './price-book.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const endpointId = 'mistral/mistral-medium-2508';

/** Dollars per million as pico-USD per token. */
function usd(input: number, output: number, cacheRead?: number): PriceTerms {
  const picos = (dollars: number): bigint => BigInt(Math.round(dollars * 1_000_000));
  return {
    picosPerUnit: {
      input: picos(input),
      output: picos(output),
      ...(cacheRead !== undefined && { cacheRead: picos(cacheRead) }),
    },
  };
}

function quote(source: string, atMs: number, terms: PriceTerms): QuoteObservation {
  return { kind: 'quote', source, endpointId, atMs, terms, sourceText: 'as the catalog writes it' };
}

function alertsOf(events: readonly BookEvent[]): PriceAlert[] {
  return events.flatMap((event) => (event.type === 'alert_raised' ? [event.alert] : []));
}

function inputAt(book: PriceBook, atMs: number): bigint | undefined {
  return book.priceAt(endpointId, atMs)?.price.picosPerUnit.input;
}

const cheap = usd(0.4, 2);
const dear = usd(1.5, 7.5);

/** Three catalogs that agree, a day before anything happens. */
function agreedBook(): PriceBook {
  const book = new PriceBook();
  for (const source of ['a', 'b', 'c']) book.observe(quote(source, 0, cheap));
  return book;
}

describe('catalogs that agree', () => {
  it('need not agree to the digit, and are counted', () => {
    const book = new PriceBook();
    book.observe(quote('a', 0, usd(0.4, 2)));
    expect(book.view(endpointId)?.state).toEqual({ kind: 'single' });
    book.observe(quote('b', 1, usd(0.403, 2)));
    expect(book.view(endpointId)?.state).toEqual({ kind: 'agreed', sources: 2 });
    expect(book.view(endpointId)?.versions).toHaveLength(1);
    expect(alertsOf(book.advance(30 * dayMs))).toEqual([]);
  });

  it('complete each other: a bucket that one of them lacks is taken from the other once it has lasted', () => {
    const book = new PriceBook();
    book.observe(quote('a', 0, usd(0.4, 2)));
    book.observe(quote('b', 1, usd(0.4, 2, 0.04)));
    expect(book.priceAt(endpointId, dayMs)?.price.picosPerUnit.cacheRead).toBeUndefined();
    book.advance(3 * dayMs);
    expect(book.priceAt(endpointId, 3 * dayMs)?.price.picosPerUnit).toEqual(usd(0.4, 2, 0.04).picosPerUnit);
  });
});

describe('a price that moves', () => {
  it('in one catalog is provisional: shown, told as a notice when it has lasted, not used', () => {
    const book = agreedBook();
    expect(alertsOf(book.observe(quote('a', dayMs, dear)))).toEqual([]);
    expect(book.view(endpointId)?.state.kind).toBe('provisional');
    expect(alertsOf(book.advance(dayMs + 47 * hourMs))).toEqual([]);
    const told = alertsOf(book.advance(10 * dayMs));
    expect(told).toMatchObject([{ kind: 'price_changed', severity: 'notice', sources: ['a'], seenAtMs: dayMs }]);
    expect(told[0]?.raisedAtMs).toBe(3 * dayMs);
    expect(told[0]?.moves).toContainEqual({ figure: 'input', from: 400_000n, to: 1_500_000n });
    expect(inputAt(book, 10 * dayMs)).toBe(400_000n);
    expect(alertsOf(book.advance(100 * dayMs))).toEqual([]);
  });

  it('and is taken back within two days was a typing error: nobody is told, no version is made', () => {
    const book = agreedBook();
    const events = [
      ...book.observe(quote('a', dayMs, usd(3, 15))),
      ...book.observe(quote('a', dayMs + 3 * hourMs, usd(1, 1.25))),
      ...book.observe(quote('a', dayMs + 7 * hourMs, cheap)),
      ...book.advance(30 * dayMs),
    ];
    expect(events).toEqual([]);
    expect(book.view(endpointId)?.versions).toHaveLength(1);
  });

  it('in two catalogs pages at once and is used from then on, when nobody says otherwise', () => {
    const book = new PriceBook();
    for (const source of ['a', 'b']) book.observe(quote(source, 0, cheap));
    book.observe(quote('a', dayMs, dear));
    const events = book.observe(quote('b', dayMs + hourMs, dear));
    expect(alertsOf(events)).toMatchObject([{ kind: 'price_changed', severity: 'page', sources: ['a', 'b'] }]);
    expect(inputAt(book, dayMs + hourMs - 1)).toBe(400_000n);
    expect(inputAt(book, dayMs + hourMs)).toBe(1_500_000n);
    expect(alertsOf(book.advance(30 * dayMs))).toEqual([]);
    const usage = { buckets: { input: 1000 }, source: 'provider' as const };
    const before = rate(usage, book.priceAt(endpointId, dayMs)?.price, { startedAtMs: dayMs });
    const after = rate(usage, book.priceAt(endpointId, 2 * dayMs)?.price, { startedAtMs: 2 * dayMs });
    expect([before.costNanos, after.costNanos]).toEqual([400_000n, 1_500_000n]);
    expect(before.priceVersionId).not.toBe(after.priceVersionId);
  });

  it('and was a notice becomes a page when a second catalog says so late: the same alert, not another', () => {
    const book = new PriceBook();
    for (const source of ['a', 'b']) book.observe(quote(source, 0, cheap));
    const [alert] = alertsOf([...book.observe(quote('a', dayMs, dear)), ...book.advance(9 * dayMs)]);
    const events = book.observe(quote('b', 10 * dayMs, dear));
    expect(alertsOf(events)).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'alert_paged', alertId: alert?.id }));
    expect(inputAt(book, 10 * dayMs)).toBe(1_500_000n);
  });

  it('[money 36] in two catalogs while a third stays is disputed: the last agreed version stays, and one alert', () => {
    for (const order of [
      ['a', 'b', 'c'],
      ['a', 'c', 'b'],
      ['c', 'a', 'b'],
    ]) {
      const book = agreedBook();
      const events = order.flatMap((source) => book.observe(quote(source, dayMs, source === 'c' ? cheap : dear)));
      expect(book.view(endpointId)?.state.kind).toBe('disputed');
      expect(inputAt(book, dayMs)).toBe(400_000n);
      expect(alertsOf(events)).toMatchObject([{ kind: 'price_disputed', severity: 'page', sources: ['a', 'b'] }]);
      const again = order.flatMap((source) => book.observe(quote(source, 2 * dayMs, source === 'c' ? cheap : dear)));
      expect(alertsOf(again)).toEqual([]);
      // The third comes round: what was told is now used, without another alert.
      expect(alertsOf(book.observe(quote('c', 3 * dayMs, dear)))).toEqual([]);
      expect(inputAt(book, 3 * dayMs)).toBe(1_500_000n);
    }
  });

  it('is no longer held up by a catalog that was not seen for a week', () => {
    const book = agreedBook();
    for (const source of ['a', 'b']) book.observe(quote(source, dayMs, dear));
    book.advance(7 * dayMs - 1);
    expect(inputAt(book, 7 * dayMs - 1)).toBe(400_000n);
    book.advance(30 * dayMs);
    expect(inputAt(book, 7 * dayMs)).toBe(1_500_000n);
  });

  it('by little passes from one source alone where the operator allows it, and never beyond the cap', () => {
    const book = new PriceBook({ autoCapPpm: 250_000n });
    book.observe(quote('a', 0, usd(1, 5)));
    book.observe(quote('a', dayMs, usd(1.2, 5)));
    book.advance(3 * dayMs);
    expect(inputAt(book, 3 * dayMs)).toBe(1_200_000n);
    book.observe(quote('a', 4 * dayMs, usd(2, 5)));
    book.advance(20 * dayMs);
    expect(inputAt(book, 20 * dayMs)).toBe(1_200_000n);
  });

  it('is used once a person confirms it, who is named in the version', () => {
    const book = agreedBook();
    book.observe(quote('a', dayMs, dear));
    book.confirm(endpointId, 'a', { atMs: 2 * dayMs, by: 'ana' });
    expect(book.priceAt(endpointId, 2 * dayMs)).toMatchObject({ status: 'confirmed', acceptedBy: 'ana' });
    expect(book.confirm(endpointId, 'nobody', { atMs: 2 * dayMs, by: 'ana' })).toBeUndefined();
  });
});

describe('catalogs that contradict each other from the start', () => {
  it('are shown as disputed, the first one stays, and it is told once', () => {
    const book = new PriceBook();
    book.observe(quote('a', 0, cheap));
    book.observe(quote('b', 0, dear));
    expect(book.view(endpointId)?.state.kind).toBe('disputed');
    expect(alertsOf(book.advance(3 * dayMs))).toMatchObject([{ kind: 'price_disputed', severity: 'notice' }]);
    expect(alertsOf(book.advance(300 * dayMs))).toEqual([]);
    expect(inputAt(book, dayMs)).toBe(400_000n);
  });
});

describe('a price set by a person', () => {
  it('wins over any number of catalogs, which are still watched', () => {
    const book = agreedBook();
    book.setManual(endpointId, usd(9, 9), { atMs: dayMs, by: 'ana' });
    for (const source of ['a', 'b', 'c']) book.observe(quote(source, 2 * dayMs, dear));
    book.advance(30 * dayMs);
    expect(inputAt(book, 30 * dayMs)).toBe(9_000_000n);
    expect(book.view(endpointId)?.state).toEqual({ kind: 'manual' });
    book.releaseManual(endpointId, 31 * dayMs);
    expect(inputAt(book, 31 * dayMs)).toBe(1_500_000n);
  });
});

describe('an endpoint that catalogs drop', () => {
  it('is deprecated when none carries it for two days: its price is closed, kept, and told once', () => {
    const book = new PriceBook();
    book.observe(quote('a', 0, cheap));
    book.observe({ kind: 'removed', source: 'a', endpointId, atMs: 5 * dayMs });
    const events = book.advance(40 * dayMs);
    expect(alertsOf(events)).toMatchObject([{ kind: 'route_removed' }]);
    expect(book.view(endpointId)).toMatchObject({
      state: { kind: 'deprecated' },
      versions: [{ validToMs: 7 * dayMs }],
    });
    expect(inputAt(book, 6 * dayMs)).toBe(400_000n);
    expect(inputAt(book, 8 * dayMs)).toBeUndefined();
  });

  it('and comes back within two days was only renamed or moved about', () => {
    const book = new PriceBook();
    book.observe(quote('a', 0, cheap));
    book.observe({ kind: 'removed', source: 'a', endpointId, atMs: 5 * dayMs });
    book.observe(quote('a', 6 * dayMs, cheap));
    expect(book.advance(40 * dayMs)).toEqual([]);
    expect(inputAt(book, 40 * dayMs)).toBe(400_000n);
  });

  it('[money 34] or whose price is made at the time of the call is not rateable by catalog', () => {
    const book = new PriceBook();
    book.observe({ kind: 'dynamic', source: 'a', endpointId, atMs: 0, sourceText: '-1' });
    expect(book.view(endpointId)?.state).toEqual({ kind: 'dynamic' });
    expect(book.priceAt(endpointId, 1)).toBeUndefined();
  });
});

describe('an alias', () => {
  it('[money 37] that moves is told once; no price changes, and each instant has the price of what it stood for', () => {
    const book = new PriceBook();
    const aliasId = 'mistral/mistral-medium-latest';
    book.observe({ ...quote('a', 0, cheap), endpointId: 'mistral/old' });
    book.observe({ ...quote('a', 0, dear), endpointId: 'mistral/new' });
    const alias = { kind: 'alias' as const, aliasId };
    book.observe({ ...alias, source: 'a', endpointId: 'mistral/old', atMs: 0 });
    book.observe({ ...alias, source: 'b', endpointId: 'mistral/old', atMs: 0 });
    const events = book.observe({ ...alias, source: 'a', endpointId: 'mistral/new', atMs: dayMs });
    expect(alertsOf(events)).toMatchObject([{ kind: 'alias_moved', endpointId: aliasId, severity: 'page' }]);
    expect(events.map(({ type }) => type)).toEqual(['alias_moved', 'alert_raised']);
    expect(book.observe({ ...alias, source: 'b', endpointId: 'mistral/new', atMs: dayMs + 1 })).toEqual([]);
    expect(book.priceAt(aliasId, dayMs - 1)?.price.picosPerUnit.input).toBe(400_000n);
    expect(book.priceAt(aliasId, dayMs)?.price.picosPerUnit.input).toBe(1_500_000n);
    for (const id of ['mistral/old', 'mistral/new']) expect(book.view(id)?.versions).toHaveLength(1);
  });
});

describe('any history', () => {
  const step = fc.record({
    source: fc.constantFrom('a', 'b', 'c'),
    afterMs: fc.integer({ min: 0, max: 5 * dayMs }),
    input: fc.constantFrom(0, 0.4, 0.403, 1, 1.5),
    cacheRead: fc.constantFrom(undefined, 0.1, 0.15),
    isRemoval: fc.boolean(),
  });
  /** Observations in order of time. */
  const history = fc.array(step, { minLength: 1, maxLength: 40 }).map((steps) => {
    let atMs = 0;
    return steps.map(({ source, afterMs, input, cacheRead, isRemoval }): Observation => {
      atMs += afterMs;
      if (isRemoval) return { kind: 'removed', source, endpointId, atMs };
      return quote(source, atMs, usd(input, input * 5, cacheRead));
    });
  });

  function replay(observations: readonly Observation[], restartAt?: number): { book: PriceBook; events: BookEvent[] } {
    let book = new PriceBook();
    const events: BookEvent[] = [];
    for (const [index, observation] of observations.entries()) {
      if (index === restartAt) book = recalled(book);
      events.push(...book.observe(observation));
    }
    events.push(...book.advance((observations.at(-1)?.atMs ?? 0) + 60 * dayMs));
    return { book, events };
  }

  function recalled(book: PriceBook): PriceBook {
    const memory = book.memoryOf(endpointId);
    const versions = book.view(endpointId)?.versions ?? [];
    const next = new PriceBook();
    next.recall(memory ? [{ endpointId, versions, memory }] : [], book.aliasMemory());
    return next;
  }

  it('[money 38] gives at each instant the version valid then: no gaps but while no catalog carried it, no overlaps', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 300 * dayMs }), (observations, instantMs) => {
        const { book } = replay(observations);
        const versions = book.view(endpointId)?.versions ?? [];
        for (const [index, { validFromMs, validToMs = Number.POSITIVE_INFINITY }] of versions.entries()) {
          expect(validToMs).toBeGreaterThanOrEqual(validFromMs);
          expect(versions[index + 1]?.validFromMs ?? validToMs).toBeGreaterThanOrEqual(validToMs);
        }
        const valid = versions.filter(
          ({ validFromMs, validToMs = Number.POSITIVE_INFINITY }) => validFromMs <= instantMs && instantMs < validToMs,
        );
        expect(valid.length).toBeLessThanOrEqual(1);
        expect(book.priceAt(endpointId, instantMs)).toEqual(valid[0]);
      }),
    );
  });

  it('gives the same versions, ids and alerts when it is replayed, and when it is stopped and recalled in between', () => {
    fc.assert(
      fc.property(history, fc.nat(40), (observations, restartAt) => {
        const { events } = replay(observations);
        expect(replay(observations).events).toEqual(events);
        expect(replay(observations, restartAt).events).toEqual(events);
      }),
    );
  });

  it('raises no alert twice', () => {
    fc.assert(
      fc.property(history, (observations) => {
        const ids = alertsOf(replay(observations).events).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });
});
