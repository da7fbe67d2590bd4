import { evaluatePolicy } from './evaluate-policy.ts';
import type { LoggedDecision } from './logged-decision.ts';

/** How the success of what answered differs from that of one model, had it answered everything. */
export interface BaselineComparison {
  readonly baseline: string;
  /** Success of what answered less that of the baseline; undefined: the log cannot tell. */
  readonly difference: number | undefined;
  readonly lowerBound: number | undefined;
  readonly margin: number;
  readonly isProven: boolean;
  /** In a sentence: why it is not, or on what it rests. */
  readonly detail: string;
}

/**
 * Success against the baseline, as if it had answered every request: routed traffic is confounded, so that the plain
 * rates of the two prove nothing. undefined: the baseline was no candidate in the log.
 */
export function compareWithBaseline(
  decisions: readonly LoggedDecision[],
  of: { readonly job: string; readonly baseline: string; readonly margin: number },
): BaselineComparison | undefined {
  const { job, baseline, margin } = of;
  if (!decisions.some(({ candidates }) => candidates.some(({ model }) => model === baseline))) return undefined;
  const only = { models: [baseline], valueNanos: undefined, costWeight: 0, nanosPerSecond: 0, floor: undefined };
  const { all } = evaluatePolicy(decisions, { jobs: new Map([[job, only]]) });
  const difference = all.metrics.quality?.difference;
  const [refusal] = all.refusals;
  if (difference === undefined || refusal !== undefined) {
    const detail = refusal?.detail ?? 'the log has no outcomes';
    return { baseline, margin, difference: undefined, lowerBound: undefined, isProven: false, detail };
  }
  // The evaluation says how the baseline differs from what answered; the report asks the other way round.
  const lowerBound = -difference.interval[1];
  const detail =
    `success against ${baseline}'s is estimated ${points(-difference.mean)}, at worst ${points(lowerBound)}; ` +
    `${(100 * margin).toFixed(1)} points may be lost`;
  return { baseline, margin, difference: -difference.mean, lowerBound, isProven: lowerBound > -margin, detail };
}

/** A difference of success with its sign: `+1.2 points`. */
function points(share: number): string {
  const size = (100 * Math.abs(share)).toFixed(1);
  if (size === '0.0') return 'level';
  return `${share > 0 ? '+' : '-'}${size} points`;
}
