import { mcnemarTest } from '../../domain/statistics/mcnemar.ts';
import { logEvidence, testEvidence } from '../../domain/statistics/one-sided-test.ts';
import { sequentialLook, type SequentialLook } from '../../domain/statistics/sequential-test.ts';
import { wilsonInterval } from '../../domain/statistics/wilson.ts';
import { alarmPrefix, carrier, isProven } from './advance.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { type ArmTally, guardNames, type PairedEvidence, type RolloutState, shareOf } from './rollout-state.ts';

/** What one source says of candidate against incumbent. */
export interface SourceEvidence {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Mean difference with an interval that holds however often one looks; the winner is told by it. */
  readonly difference: SequentialLook;
  /** For a single look at the end; not what decides. */
  readonly mcnemarP: number;
  /** How many times likelier than chance it is that the candidate is not worse. */
  readonly notWorse: number;
}

/** Everything that was decided and why, for people and machines. */
export interface RolloutEvidence {
  readonly format: 'switchyard-rollout-evidence/1';
  /** Without the text of a prompt: its version tells which one it was. */
  readonly plan: Omit<RolloutPlan, 'prompt'>;
  readonly stage: RolloutState['stage'];
  readonly share: number;
  readonly isPaused: boolean;
  readonly verdict: string;
  readonly needsMore: number | null;
  readonly isProven: boolean;
  readonly carriedBy: 'offline' | 'shadow' | 'live' | null;
  readonly sources: { readonly [Source in 'screening' | 'offline' | 'shadow' | 'judged' | 'live']: SourceEvidence };
  readonly shadow: {
    /** Answers that came back. */
    readonly copies: number;
    readonly missing: number;
    /** Requests that no copy was made of, because too many ran or the money was spent. */
    readonly skipped: number;
    readonly spentNanos: bigint;
    readonly maxNanos: bigint;
  };
  /** What somebody should look at. */
  readonly alarms: readonly string[];
  readonly arms: RolloutState['arms'];
  /** Evidence of each guard, and from which on it stops the rollout. */
  readonly guards: readonly { readonly guard: string; readonly evidence: number; readonly limit: number }[];
  readonly events: RolloutState['events'];
}

/** The evidence as it stands. */
export function evidenceOf(plan: RolloutPlan, state: RolloutState): RolloutEvidence {
  const source = (evidence: PairedEvidence): SourceEvidence => ({
    wins: evidence.wins,
    losses: evidence.losses,
    ties: evidence.ties,
    difference: sequentialLook(evidence.differences, { gap: plan.gap, alpha: plan.alpha }),
    mcnemarP: mcnemarTest(evidence.wins, evidence.losses),
    notWorse: Math.exp(Math.min(700, logEvidence(evidence.notWorse))),
  });
  const proven = isProven(plan, state);
  const { prompt: _, ...shown } = plan;
  return {
    format: 'switchyard-rollout-evidence/1',
    plan: shown,
    stage: state.stage,
    share: shareOf(plan, state),
    isPaused: state.isPaused,
    verdict: state.events.findLast(({ reason }) => !reason.startsWith(alarmPrefix))?.reason ?? '',
    needsMore: state.needsMore ?? null,
    isProven: proven,
    carriedBy: proven ? carrier(state) : null,
    sources: {
      screening: source(state.screening),
      offline: source(state.offline),
      shadow: source(state.shadow),
      judged: source(state.judged),
      live: source(state.live),
    },
    shadow: {
      copies: state.shadowCopies,
      missing: state.shadowMissing,
      skipped: state.shadowSkipped + state.shadowUnaffordable,
      spentNanos: state.shadowSpentNanos,
      maxNanos: plan.shadow.maxNanos,
    },
    alarms: state.events.flatMap(({ reason }) =>
      reason.startsWith(alarmPrefix) ? [reason.slice(alarmPrefix.length)] : [],
    ),
    arms: state.arms,
    guards: guardNames.map((guard) => ({
      guard,
      evidence: testEvidence(state.guards[guard]),
      limit: 1 / plan.guardAlpha,
    })),
    events: state.events,
  };
}

/** The evidence file in words. */
export function evidenceText(evidence: RolloutEvidence): string {
  const { plan, sources, arms, shadow } = evidence;
  const picked = plan.pickedFrom > 1 ? `, picked from ${plan.pickedFrom}` : '';
  return [
    `${plan.kind} ${plan.candidate} for job ${plan.job}, in place of ${plan.incumbent}${picked}`,
    plan.hypothesis,
    `${evidence.stage.replace('_', ' ')}: ${evidence.verdict}`,
    `may be worse by at most ${(100 * plan.margin).toFixed(1)} points; wrong in at most ${100 * plan.alpha} % of rollouts`,
    '',
    ...Object.entries(sources).flatMap(([name, one]) =>
      name === 'judged' && plan.shadow.judge === undefined ? [] : [sourceLine(name, one)],
    ),
    `shadow copies: ${shadow.copies} came back, ${shadow.missing} missing, ${shadow.skipped} not made; ` +
      `${shadow.spentNanos} of ${shadow.maxNanos} nano-USD spent`,
    ...Object.entries(arms).map(([name, tally]) => armLine(name, tally)),
    ...evidence.guards.map(
      ({ guard, evidence: seen, limit }) => `guard of ${guard}: ${seen.toFixed(2)}, stops at ${limit}`,
    ),
    '',
    ...evidence.events.map(
      ({ atMs, stage, share, reason }) => `${new Date(atMs).toISOString()}  ${stage} ${100 * share} %: ${reason}`,
    ),
    '',
  ].join('\n');
}

const sourcesWithoutProof: ReadonlyMap<string, string> = new Map([
  ['screening', 'took part in the pick, proves nothing'],
  ['judged', 'by a judge, proves nothing'],
]);

function sourceLine(name: string, { wins, losses, ties, difference, notWorse }: SourceEvidence): string {
  const { mean, interval } = difference;
  const count = wins + losses + ties;
  if (count === 0) return `${name}: nothing yet`;
  const points = (value: number): string => (100 * value).toFixed(1);
  const bounds = interval ? ` (${points(interval[0])} to ${points(interval[1])})` : ' (too few for an interval)';
  const not = sourcesWithoutProof.get(name) ?? `not worse ${notWorse.toPrecision(3)} : 1`;
  return `${name}: ${wins} better, ${losses} worse, ${ties} alike; ${points(mean)} points${bounds}; ${not}`;
}

function armLine(name: string, { requests, told, successes, errors, rescued, refusals }: ArmTally): string {
  const interval = wilsonInterval(successes, told);
  const rate = interval ? `, ${(100 * interval[0]).toFixed(1)} to ${(100 * interval[1]).toFixed(1)} %` : '';
  return `${name}: ${requests} answers, ${successes} of ${told} told right${rate}; ${errors} errors (${rescued} of them answered by the other side), ${refusals} refusals`;
}
