import { describe, expect, it } from 'vitest';
import { isClose } from '../../src/catalog/price-book/flat-terms.ts';
import { PriceBook } from '../../src/catalog/price-book/index.ts';
import { rate } from '../../src/domain/rating/rating.ts';
import { parseScaled } from '../../src/domain/money/money.ts';
import { endpointOf, histories, observationsOf, readTable, replay, type Row } from './price-history-data.ts';

const hourMs = 3_600_000;
const lastingMs = 48 * hourMs;

const changes = readTable('prices/modelsdev_price_changes.csv.gz');
const shocks = readTable('prices/price_shocks_direct_routes.csv');
const rowsByEndpoint = groupBy(changes, endpointOf);

/** Figures that the table of shocks tells, under the names of the price book. */
const figures = [
  ['input', 'input'],
  ['output', 'output'],
  ['cache_read', 'cacheRead'],
] as const;

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return groups;
}

function timeOf(row: Row): number {
  return Date.parse(row['date'] ?? '');
}

function picosOf(text: string | undefined): bigint | undefined {
  return text === undefined || text === '' ? undefined : parseScaled(text, 6)?.value;
}

function pricesOf(row: Row, when: 'old' | 'new'): (bigint | undefined)[] {
  return figures.map(([column]) => picosOf(row[`${column}_${when}`]));
}

function sameText(left: readonly (bigint | undefined)[], right: readonly (bigint | undefined)[]): boolean {
  return left.every((value, at) => value === right[at]);
}

/**
 * A shock is lasting when the price that it brought is still the catalog's 48 hours later. One that was taken back, or
 * replaced by the next figure, within that time was a typing error.
 */
function isLasting(shock: Row): boolean {
  const brought = pricesOf(shock, 'new');
  return !(rowsByEndpoint.get(endpointOf(shock)) ?? []).some((row) => {
    const isSoon = timeOf(row) > timeOf(shock) && timeOf(row) <= timeOf(shock) + lastingMs;
    return isSoon && (row['event'] === 'remove' || !sameText(pricesOf(row, 'new'), brought));
  });
}

/** Changes of one endpoint with less than 48 hours between each and the next are one move: from the first to the last. */
function runOf(shock: Row): { readonly fromMs: number; readonly toMs: number; readonly first: Row } {
  const rows = (rowsByEndpoint.get(endpointOf(shock)) ?? []).filter(({ event }) => event === 'change');
  const at = rows.findIndex((row) => timeOf(row) === timeOf(shock));
  const isNear = (left: Row | undefined, right: Row | undefined): boolean =>
    left !== undefined && right !== undefined && timeOf(right) - timeOf(left) <= lastingMs;
  let first = at;
  let last = at;
  while (isNear(rows[first - 1], rows[first])) first--;
  while (isNear(rows[last], rows[last + 1])) last++;
  return { fromMs: timeOf(rows[first] ?? shock), toMs: timeOf(rows[last] ?? shock), first: rows[first] ?? shock };
}

/** A move within the tolerance between catalogs (one percent, or one pico), or back to where its run began, is none. */
function isMove(shock: Row): boolean {
  const before = pricesOf(runOf(shock).first, 'old');
  return pricesOf(shock, 'new').some((value, at) => {
    const old = before[at];
    return value === undefined || old === undefined ? value !== old : !isClose(value, old);
  });
}

const lasting = shocks.filter(isLasting);
const moves = lasting.filter(isMove);
const typingErrors = shocks.filter((shock) => !isLasting(shock));

describe('the recorded history of prices', () => {
  it('is read whole: every change of three catalogs, none left out but late mirrors of one that was seen before', () => {
    expect(observationsOf(histories.slice(0, 1))).toHaveLength(11_627);
    expect(observationsOf(histories.slice(1, 2))).toHaveLength(2074);
    expect(observationsOf(histories.slice(2)).length).toBeGreaterThan(600);
    expect(shocks).toHaveLength(604);
  });

  it('has these shocks: 598 lasting ones, of which 3 are no moves, and 6 typing errors', () => {
    expect([lasting.length, typingErrors.length]).toEqual([598, 6]);
    const none = lasting.filter((shock) => !isMove(shock)).map(endpointOf);
    // Two of less than one percent, and one that takes a typing error back.
    expect(none.length).toBe(3);
  });

  it('raises exactly one alert for each lasting shock, and none for typing errors, from the one catalog alone', () => {
    const { alerts, pages } = replay(observationsOf(histories.slice(0, 1)));
    const byEndpoint = groupBy(alerts, ({ endpointId }) => endpointId);
    const countOf = (shock: Row): number => {
      const { fromMs, toMs } = runOf(shock);
      const own = byEndpoint.get(endpointOf(shock)) ?? [];
      return own.filter(({ kind, seenAtMs }) => kind === 'price_changed' && seenAtMs >= fromMs && seenAtMs <= toMs)
        .length;
    };
    expect(moves.filter((shock) => countOf(shock) !== 1).map((shock) => [endpointOf(shock), shock['date']])).toEqual(
      [],
    );
    const toldAt = new Set(alerts.map(({ endpointId, seenAtMs }) => `${endpointId} ${seenAtMs}`));
    expect(typingErrors.filter((shock) => toldAt.has(`${endpointOf(shock)} ${timeOf(shock)}`))).toEqual([]);
    // What only one catalog has seen is shown, and wakes nobody.
    const removals = new Set(alerts.flatMap(({ id, kind }) => (kind === 'route_removed' ? [id] : [])));
    expect(pages.filter(({ alertId }) => !removals.has(alertId))).toEqual([]);
  });
});

describe('the histories of three catalogs together', () => {
  const observations = observationsOf(histories);
  const { book, alerts, pages } = replay(observations);
  const alertsOf = groupBy(alerts, ({ endpointId }) => endpointId);
  const pagesOf = groupBy(pages, ({ endpointId }) => endpointId);
  const quotesOf = groupBy(
    observations.filter(({ kind }) => kind === 'quote' || kind === 'removed'),
    (observation) => ('endpointId' in observation ? observation.endpointId : ''),
  );

  /** Figures that a shock changes, with their new values. */
  function changedBy(shock: Row): (readonly [string, bigint])[] {
    const [before, after] = [pricesOf(shock, 'old'), pricesOf(shock, 'new')];
    return figures.flatMap(([, name], at) => {
      const value = after[at];
      return value === undefined || value === before[at] ? [] : [[name, value] as const];
    });
  }

  /** The first instant at which another catalog says the same of every changed figure that it has. */
  function secondSourceAt(shock: Row): number | undefined {
    const wanted = changedBy(shock);
    const saying = new Set<string>();
    let secondMs: number | undefined;
    for (const observation of quotesOf.get(endpointOf(shock)) ?? []) {
      if (observation.source === 'models.dev') {
        if (observation.atMs > timeOf(shock)) break;
        continue;
      }
      const prices = observation.kind === 'quote' ? observation.terms.picosPerUnit : {};
      const said = Object.entries(prices).filter(([name]) => wanted.some(([figure]) => figure === name));
      const agrees = said.every(([name, value]) =>
        wanted.some(([figure, to]) => figure === name && isClose(to, value)),
      );
      if (said.length > 0 && agrees) saying.add(observation.source);
      else saying.delete(observation.source);
      if (saying.size > 0) secondMs ??= Math.max(observation.atMs, timeOf(shock));
      else secondMs = undefined;
    }
    return saying.size > 0 ? secondMs : undefined;
  }

  /** Whether operators had these figures before: in force, or told of another catalog's move. */
  function wasKnown(shock: Row): boolean {
    const inForce = book.priceAt(endpointOf(shock), timeOf(shock) - 1)?.price.picosPerUnit ?? {};
    const told = (alertsOf.get(endpointOf(shock)) ?? []).filter(({ seenAtMs }) => seenAtMs < timeOf(shock));
    return changedBy(shock).every(([figure, value]) => {
      const current = Object.entries(inForce).find(([name]) => name === figure)?.[1];
      const isInForce = current !== undefined && isClose(current, value);
      return (
        isInForce ||
        told.some((alert) =>
          alert.moves.some((move) => move.figure === figure && move.to !== null && isClose(move.to, value)),
        )
      );
    });
  }

  it('tell no lasting shock twice, and leave out only those that another catalog had told before', () => {
    const counts = moves.map((shock) => {
      const { fromMs, toMs } = runOf(shock);
      const own = (alertsOf.get(endpointOf(shock)) ?? []).filter(({ seenAtMs, sources }) => {
        return sources.includes('models.dev') && seenAtMs >= fromMs && seenAtMs <= toMs;
      });
      return { shock, count: own.length };
    });
    expect(counts.filter(({ count }) => count > 1).map(({ shock }) => [endpointOf(shock), shock['date']])).toEqual([]);
    // An alert that another catalog's move raised, and that this one turned into a page, has told it too.
    const isPaged = (shock: Row): boolean =>
      (pagesOf.get(endpointOf(shock)) ?? []).some(({ atMs }) => atMs === timeOf(shock));
    const silent = counts.filter(({ shock, count }) => count === 0 && !isPaged(shock)).map(({ shock }) => shock);
    const untold = silent.filter((shock) => changedBy(shock).length > 0 && !wasKnown(shock));
    expect(untold.map((shock) => [endpointOf(shock), shock['date']])).toEqual([]);
  });

  it('page nobody for a typing error', () => {
    const woken = typingErrors.filter((shock) => {
      const own = pagesOf.get(endpointOf(shock)) ?? [];
      return own.some(({ atMs }) => atMs >= timeOf(shock) && atMs < timeOf(shock) + lastingMs);
    });
    expect(woken.map((shock) => [endpointOf(shock), shock['date']])).toEqual([]);
  });

  /** A figure that had no price before is completed, not moved: it is shown, and paged nobody. */
  function isPriceMove(shock: Row): boolean {
    const before = pricesOf(shock, 'old');
    const after = pricesOf(shock, 'new');
    return before.some((value, at) => value !== undefined && after[at] !== undefined && value !== after[at]);
  }

  it('page each lasting move within 24 hours of its second source', async ({ annotate }) => {
    const due = moves.filter(isPriceMove).flatMap((shock) => {
      const secondMs = wasKnown(shock) ? undefined : secondSourceAt(shock);
      return secondMs === undefined ? [] : [{ shock, secondMs }];
    });
    await annotate(`${due.length} lasting moves that a second catalog saw`);
    expect(due.length).toBeGreaterThan(0);
    const missed = due.filter(({ shock, secondMs }) => {
      const own = pagesOf.get(endpointOf(shock)) ?? [];
      return !own.some(({ atMs }) => atMs >= timeOf(shock) && atMs <= secondMs + 24 * hourMs);
    });
    expect(
      missed.map(({ shock, secondMs }) => [endpointOf(shock), shock['date'], new Date(secondMs).toISOString()]),
    ).toEqual([]);
  });
});

describe('the past', () => {
  /** A book in which a person accepts each change as it comes, and what is gone is closed at once. */
  const book = new PriceBook({ lastingMs: 0 });
  for (const observation of observationsOf(histories.slice(0, 1))) {
    book.observe(observation);
    if (observation.kind !== 'quote') continue;
    const { endpointId, source, atMs } = observation;
    book.confirm(endpointId, source, { atMs, by: 'operator' });
  }

  const buckets = [
    ...figures,
    ['cache_write', 'cacheWrite5m'],
    ['reasoning', 'reasoning'],
    ['input_audio', 'audioIn'],
    ['output_audio', 'audioOut'],
  ] as const;

  function statedBy(row: Row | undefined): Record<string, bigint> {
    const stated = buckets.flatMap(([column, name]) => {
      const value = row?.['event'] === 'remove' ? undefined : picosOf(row?.[`${column}_new`]);
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(stated);
  }

  it('[money 38] has at any instant the price of the row that was valid then', () => {
    let compared = 0;
    const wrong: string[] = [];
    for (const [endpointId, rows] of rowsByEndpoint) {
      for (const [at, row] of rows.entries()) {
        const next = rows[at + 1];
        const end = next === undefined ? timeOf(row) + 24 * hourMs : timeOf(next);
        if (end === timeOf(row)) continue;
        for (const instant of [timeOf(row), Math.floor((timeOf(row) + end) / 2), end - 1]) {
          const price: Record<string, bigint | undefined> = {
            ...book.priceAt(endpointId, instant)?.price.picosPerUnit,
          };
          const expected = statedBy(row);
          const names = new Set([...Object.keys(price), ...Object.keys(expected)]);
          if ([...names].some((name) => price[name] !== expected[name])) wrong.push(`${endpointId} ${instant}`);
          compared++;
        }
      }
      const [first] = rows;
      if (first && book.priceAt(endpointId, timeOf(first) - 1)) wrong.push(`${endpointId} before its first row`);
    }
    expect(compared).toBeGreaterThan(30_000);
    expect(wrong).toEqual([]);
  });

  it('[money 38] has no gaps but while the catalog had no price, and no overlaps', () => {
    const wrong: string[] = [];
    for (const endpointId of rowsByEndpoint.keys()) {
      const versions = book.view(endpointId)?.versions ?? [];
      for (const [at, version] of versions.entries()) {
        const next = versions[at + 1];
        if (!next) continue;
        const end = version.validToMs ?? Number.POSITIVE_INFINITY;
        const isGap = next.validFromMs > end;
        const wasUnpriced = (rowsByEndpoint.get(endpointId) ?? []).some(
          (row) => timeOf(row) === end && Object.keys(statedBy(row)).length === 0,
        );
        if (next.validFromMs < end || (isGap && !wasUnpriced)) wrong.push(endpointId);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('rates a request before and one after a change each at its own version', () => {
    const usage = { buckets: { input: 1000, output: 1000 }, source: 'provider' as const };
    for (const shock of shocks.filter(({ blend3to1_ratio: ratio }) => ratio !== '1.0')) {
      const [before, after] = [timeOf(shock) - 1, timeOf(shock)].map((startedAtMs) =>
        rate(usage, book.priceAt(endpointOf(shock), startedAtMs)?.price, { startedAtMs }),
      );
      const costOf = (when: 'old' | 'new'): bigint => {
        const [input = 0n, output = 0n] = pricesOf(shock, when);
        return input + output;
      };
      expect([before?.costNanos, after?.costNanos], endpointOf(shock)).toEqual([costOf('old'), costOf('new')]);
      expect(before?.priceVersionId).not.toBe(after?.priceVersionId);
    }
  });
});
