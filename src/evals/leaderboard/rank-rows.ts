import { pairedSampleSize } from '../../domain/statistics/paired-sample-size.ts';
import { rankRanges } from '../../domain/statistics/rank-range.ts';
import { ratioMetric } from '../../domain/statistics/ratio-metric.ts';
import { wilsonInterval } from '../../domain/statistics/wilson.ts';
import type { PairReport } from '../runs/eval-report.ts';
import type { EndpointUse } from './read-evidence.ts';

/** What is known of one model at one host. */
export interface RowEvidence {
  readonly use: EndpointUse;
  readonly successes: number;
  /** Of the exchanges something was said about. */
  readonly parts: readonly { readonly costNanos: number; readonly success: number }[];
}

/** One line of a leaderboard. */
export interface LeaderboardRow {
  readonly model: string;
  readonly host: string;
  /** Exchanges something is known of; others are unknown, not failed. */
  readonly n: number;
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
  /** Places that the evidence leaves possible. */
  readonly rank: readonly [number, number];
  readonly costPerSuccessNanos: bigint | null;
  readonly costPerSuccessInterval: readonly [bigint, bigint] | null;
  /** Spent without a success so far: a success costs at least this. */
  readonly costAtLeastNanos: bigint | null;
  readonly mixNanosPerMillion?: bigint | null | undefined;
  readonly firstByteP50Ms: number | null;
  readonly firstByteP95Ms: number | null;
  readonly tokensPerSecondP50: number | null;
  readonly errorRate: number | null;
  /** Graded answers more until the gap to the first one is settled; null when it is, or when there is none. */
  readonly needsMore: number | null;
  readonly lastMs: number | null;
}

/** Intervals of costs can be drawn again from it. */
export const clusterBootstrapSeed = 20_260_101;
const rounds = 1000;
const maxParts = 1000;
/** Below this nothing is ranked: everything is possible. */
const minimum = 10;

/** Orders rows by their rate, and says which places are possible for each. */
export function rankRows(evidence: readonly RowEvidence[], pairs: readonly PairReport[]): readonly LeaderboardRow[] {
  const rows = evidence
    .map(toRow)
    .toSorted((a, b) => (b.rate ?? -1) - (a.rate ?? -1) || a.model.localeCompare(b.model));
  const ranges = rankRanges(rows.length, (first, second) => better(rows[first], rows[second], pairs));
  const [best] = rows;
  return rows.map((row, at) => {
    const range = ranges[at];
    return {
      ...row,
      rank: [range?.best ?? 1, range?.worst ?? rows.length],
      needsMore: row === best || !best ? null : neededFor(row, best, better(best, row, pairs) > 0),
    };
  });
}

function toRow({ use, successes, parts }: RowEvidence): LeaderboardRow {
  const { model, host, judged } = use;
  const metric = ratioMetric(
    parts.slice(-maxParts).map(({ costNanos, success }) => ({ numerator: costNanos, denominator: success })),
    { seed: clusterBootstrapSeed, rounds },
  );
  const isKnown = parts.length > 0;
  return {
    model,
    host,
    n: judged,
    rate: judged === 0 ? null : successes / judged,
    interval: wilsonInterval(successes, judged) ?? null,
    rank: [1, 1],
    costPerSuccessNanos: metric.ratio === undefined || !isKnown ? null : toNanos(metric.ratio),
    costPerSuccessInterval: metric.ratio !== undefined && isKnown ? finiteInterval(metric.interval) : null,
    costAtLeastNanos: metric.ratio === undefined && isKnown ? toNanos(metric.atLeast) : null,
    firstByteP50Ms: use.firstByteP50Ms,
    firstByteP95Ms: use.firstByteP95Ms,
    tokensPerSecondP50: use.tokensPerSecondP50,
    errorRate: use.exchanges === 0 ? null : 1 - use.completed / use.exchanges,
    needsMore: null,
    lastMs: use.lastMs,
  };
}

/** By the same items where a run compared both; else only where intervals lie apart. */
function better(
  one: LeaderboardRow | undefined,
  other: LeaderboardRow | undefined,
  pairs: readonly PairReport[],
): number {
  if (!one?.interval || !other?.interval || one.n < minimum || other.n < minimum) return 0;
  const pair = pairs.find(({ first, second }) => first === one.model && second === other.model);
  if (pair && pair.verdict !== 'open') return pair.verdict === 'first' ? 1 : -1;
  const turned = pairs.find(({ first, second }) => first === other.model && second === one.model);
  if (turned && turned.verdict !== 'open') return turned.verdict === 'first' ? -1 : 1;
  if (one.interval[0] > other.interval[1]) return 1;
  return other.interval[0] > one.interval[1] ? -1 : 0;
}

/** Answers on the same items, taking what both get right as independent. */
function neededFor(row: LeaderboardRow, best: LeaderboardRow, isSettled: boolean): number | null {
  if (isSettled) return null;
  if (row.rate === null || best.rate === null) return minimum;
  const discordant = row.rate * (1 - best.rate) + best.rate * (1 - row.rate);
  const needed = pairedSampleSize({ difference: best.rate - row.rate, discordant });
  const have = Math.min(row.n, best.n);
  if (needed === undefined) return have < minimum ? minimum - have : null;
  return Math.max(1, Math.max(minimum, needed) - have);
}

/** Some draws have no success at all: then there is no upper end, and no interval is shown. */
function finiteInterval(interval: readonly [number, number] | undefined): readonly [bigint, bigint] | null {
  if (!interval || !Number.isFinite(interval[0]) || !Number.isFinite(interval[1])) return null;
  return [toNanos(interval[0]), toNanos(interval[1])];
}

function toNanos(value: number): bigint {
  return BigInt(Math.round(value));
}
