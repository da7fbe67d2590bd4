import { holmAdjusted } from '../../domain/statistics/holm.ts';
import { mcnemarTest } from '../../domain/statistics/mcnemar.ts';
import { pairedSampleSize } from '../../domain/statistics/paired-sample-size.ts';
import { passAllK, passAtK } from '../../domain/statistics/pass-at-k.ts';
import { wilsonInterval } from '../../domain/statistics/wilson.ts';
import type { JudgeHealth } from '../judge/judge-health.ts';
import type { EvalResult } from './eval-spec.ts';

/** What a run says of one candidate. */
export interface CandidateReport {
  readonly candidate: string;
  /** Items on which something can be said. */
  readonly items: number;
  readonly passed: number;
  readonly unknown: number;
  readonly errors: number;
  readonly rate: number | null;
  /** Wilson, 95 %; null with fewer than two items. */
  readonly interval: readonly [number, number] | null;
  readonly costNanos: bigint | null;
  /** null without a success, or with an unknown cost. */
  readonly costPerSuccessNanos: bigint | null;
  readonly medianMs: number | null;
  /** Only with several samples: at least one of them, and all of them. */
  readonly passAtK: number | null;
  readonly passAllK: number | null;
}

/** Two candidates on the same items. */
export interface PairReport {
  readonly first: string;
  readonly second: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Exact McNemar, corrected (Holm) for the number of pairs. */
  readonly p: number;
  readonly verdict: 'first' | 'second' | 'open';
  /** Further items to settle the gap as it looks now; null when it is settled, or when there is no gap. */
  readonly needsMore: number | null;
}

/** A run in figures. */
export interface EvalReport {
  readonly candidates: readonly CandidateReport[];
  readonly pairs: readonly PairReport[];
  readonly judge: JudgeHealth | null;
}

/** An item on which two candidates differ. */
export interface Flip {
  readonly itemId: string;
  readonly first: string;
  readonly second: string;
  /** Who was right. */
  readonly winner: string;
  readonly answers: { readonly [candidate: string]: string };
  readonly reasons: readonly string[];
}

const alpha = 0.05;

/** Sums a run up. Unknown is no failure: it is counted apart and takes no part in rates and pairs. */
export function reportOf(
  candidates: readonly string[],
  results: readonly EvalResult[],
  judge: JudgeHealth | null = null,
): EvalReport {
  const byCandidate = new Map(candidates.map((one) => [one, results.filter(({ candidate }) => candidate === one)]));
  const verdicts = new Map(candidates.map((one) => [one, itemVerdicts(byCandidate.get(one) ?? [])]));
  const pairs = candidates.flatMap((first, at) =>
    candidates.slice(at + 1).map((second) => comparePair(first, second, verdicts)),
  );
  const adjusted = holmAdjusted(pairs.map(({ p }) => p));
  return {
    candidates: candidates.map((one) => summarise(one, byCandidate.get(one) ?? [], verdicts.get(one) ?? new Map())),
    pairs: pairs.map((pair, at) => decided({ ...pair, p: adjusted[at] ?? 1 })),
    judge,
  };
}

/** Items on which the candidates of a pair differ, with what they answered. */
export function flipsOf(
  pair: { readonly first: string; readonly second: string },
  results: readonly EvalResult[],
): readonly Flip[] {
  const { first, second } = pair;
  const [one, other] = [first, second].map((candidate) =>
    itemVerdicts(results.filter((result) => result.candidate === candidate)),
  );
  return [...(one ?? [])].flatMap(([itemId, isRight]) => {
    const isOtherRight = other?.get(itemId);
    if (isOtherRight === undefined || isOtherRight === isRight) return [];
    const of = results.filter(
      (result) => result.itemId === itemId && (result.candidate === first || result.candidate === second),
    );
    const answers = Object.fromEntries(of.map(({ candidate, answer }) => [candidate, answer]));
    const loser = isRight ? second : first;
    const reasons = of.find(({ candidate, verdict }) => candidate === loser && verdict === 'fail')?.reasons ?? [];
    return [{ itemId, first, second, winner: isRight ? first : second, answers, reasons }];
  });
}

/** An item is passed when most of its samples are. */
function itemVerdicts(results: readonly EvalResult[]): ReadonlyMap<string, boolean> {
  const votes = new Map<string, { passed: number; failed: number }>();
  for (const { itemId, verdict } of results) {
    if (verdict !== 'pass' && verdict !== 'fail') continue;
    const vote = votes.get(itemId) ?? { passed: 0, failed: 0 };
    if (verdict === 'pass') vote.passed += 1;
    else vote.failed += 1;
    votes.set(itemId, vote);
  }
  return new Map([...votes].map(([itemId, { passed, failed }]) => [itemId, passed > failed]));
}

function summarise(
  candidate: string,
  results: readonly EvalResult[],
  verdicts: ReadonlyMap<string, boolean>,
): CandidateReport {
  const items = verdicts.size;
  const passed = [...verdicts.values()].filter(Boolean).length;
  const costs = results.map(({ costNanos }) => costNanos);
  const costNanos = costs.includes(null) ? null : costs.reduce<bigint>((sum, one) => sum + (one ?? 0n), 0n);
  const times = results
    .filter(({ verdict }) => verdict !== 'error')
    .map(({ totalMs }) => totalMs)
    .toSorted((a, b) => a - b);
  return {
    candidate,
    items,
    passed,
    unknown: results.filter(({ verdict }) => verdict === 'unknown').length,
    errors: results.filter(({ verdict }) => verdict === 'error').length,
    rate: items === 0 ? null : passed / items,
    interval: wilsonInterval(passed, items) ?? null,
    costNanos,
    costPerSuccessNanos: costNanos === null || passed === 0 ? null : costNanos / BigInt(passed),
    medianMs: times[Math.floor(times.length / 2)] ?? null,
    ...samplesOf(results),
  };
}

/** Mean over items of the chance that one, or all, of as many samples as were drawn are right. */
function samplesOf(results: readonly EvalResult[]): Pick<CandidateReport, 'passAtK' | 'passAllK'> {
  const drawn = new Map<string, { right: number; count: number }>();
  for (const { itemId, verdict } of results) {
    if (verdict !== 'pass' && verdict !== 'fail') continue;
    const one = drawn.get(itemId) ?? { right: 0, count: 0 };
    drawn.set(itemId, { right: one.right + (verdict === 'pass' ? 1 : 0), count: one.count + 1 });
  }
  const tries = Math.max(0, ...[...drawn.values()].map(({ count }) => count));
  const whole = [...drawn.values()].filter(({ count }) => count === tries);
  if (tries < 2) return { passAtK: null, passAllK: null };
  const mean = (of: typeof passAtK): number =>
    whole.reduce((sum, { right, count }) => sum + (of(right, count, tries) ?? 0), 0) / whole.length;
  return { passAtK: mean(passAtK), passAllK: mean(passAllK) };
}

function comparePair(
  first: string,
  second: string,
  verdicts: ReadonlyMap<string, ReadonlyMap<string, boolean>>,
): Omit<PairReport, 'verdict' | 'needsMore'> {
  let [wins, losses, ties] = [0, 0, 0];
  for (const [itemId, isRight] of verdicts.get(first) ?? []) {
    const isOtherRight = verdicts.get(second)?.get(itemId);
    if (isOtherRight === undefined) continue;
    if (isRight === isOtherRight) ties += 1;
    else if (isRight) wins += 1;
    else losses += 1;
  }
  return { first, second, wins, losses, ties, p: mcnemarTest(wins, losses) };
}

function decided(pair: Omit<PairReport, 'verdict' | 'needsMore'>): PairReport {
  const { wins, losses, ties, p } = pair;
  if (p < alpha) return { ...pair, verdict: wins > losses ? 'first' : 'second', needsMore: null };
  const count = wins + losses + ties;
  const needed =
    count === 0
      ? undefined
      : pairedSampleSize({ difference: (wins - losses) / count, discordant: (wins + losses) / count });
  return { ...pair, verdict: 'open', needsMore: needed === undefined ? null : Math.max(1, needed - count) };
}
