import type { OutcomeFact } from '../facts/facts.ts';

/** Kinds of evidence that have a weight of their own; others count as `unknownKindWeight`. */
const outcomeKinds = [
  'test',
  'run',
  'compiled',
  'accepted',
  'score',
  'pass',
  'fail',
  'label',
  'preference',
  'resolved',
  'thumb',
  'verified',
  'schema',
  'tool_call',
  'refusal',
  'truncation',
  'regenerate',
  'retry',
  'abandon',
  'revenue',
  'minutes_saved',
] as const;

/** Kind of evidence for the value of an answer. */
export type OutcomeKind = (typeof outcomeKinds)[number];

/** How far evidence of a kind is believed when its teller does not say. 0: worth money, no verdict on the answer. */
const kindWeights: { readonly [Kind in OutcomeKind]: number } = {
  test: 1,
  accepted: 0.9,
  run: 0.8,
  compiled: 0.3,
  score: 0.9,
  pass: 0.9,
  fail: 0.9,
  label: 0.9,
  resolved: 0.9,
  preference: 0.6,
  thumb: 0.5,
  verified: 0.5,
  schema: 0.5,
  tool_call: 0.5,
  refusal: 0.3,
  truncation: 0.3,
  regenerate: 0.3,
  retry: 0.2,
  abandon: 0.2,
  revenue: 0,
  minutes_saved: 0,
};
const unknownKindWeight = 0.5;

/** What a form demands must be met, but meeting it proves little: a failure counts fully, a pass half. */
const necessaryKinds: ReadonlySet<string> = new Set(['schema', 'tool_call', 'compiled']);

/** Weight of an outcome: its own, else that of its kind; never above 1. */
export function outcomeWeight({ kind, value, weight }: Pick<OutcomeFact, 'kind' | 'value' | 'weight'>): number {
  if (weight !== undefined) return Math.min(1, Math.max(0, weight));
  if (necessaryKinds.has(kind) && value === 0) return 1;
  return isOutcomeKind(kind) ? kindWeights[kind] : unknownKindWeight;
}

/** Whether an outcome of the kind proves little when it is good: a form was kept, code was translated. */
export function isNecessaryOnly(kind: string): boolean {
  return necessaryKinds.has(kind);
}

/** Whether a kind is one of ours. */
export function isOutcomeKind(kind: string): kind is OutcomeKind {
  return (outcomeKinds as readonly string[]).includes(kind);
}

/**
 * Outcomes of the delivered answer that hold: neither retracted nor corrected, each idempotency key once, in the order
 * told. Facts may arrive in any order; a retraction holds whether it comes before or after what it takes back.
 */
export function standingOutcomes(outcomes: readonly OutcomeFact[]): readonly OutcomeFact[] {
  const gone = new Set<string>();
  for (const { retracts, supersedes } of outcomes) {
    if (retracts !== undefined) gone.add(retracts);
    if (supersedes !== undefined) gone.add(supersedes);
  }
  const seen = new Set<string>();
  return outcomes.filter(({ outcomeId, retracts, idempotencyKey, draft }) => {
    if (draft === true || retracts !== undefined || (outcomeId !== undefined && gone.has(outcomeId))) return false;
    if (idempotencyKey === undefined) return true;
    if (seen.has(idempotencyKey)) return false;
    seen.add(idempotencyKey);
    return true;
  });
}

/** What one exchange says of its answer, in all. */
export interface Verdict {
  /** 0 worthless, 1 right. */
  readonly value: number;
  /** At most 1, however much was told. */
  readonly weight: number;
  readonly kind: string;
}

/**
 * The one verdict of an exchange: its strongest kind of evidence, the mean where that kind was told several times.
 * Undefined without any; missing evidence is never a failure.
 */
export function verdictOf(outcomes: readonly OutcomeFact[]): Verdict | undefined {
  const byKind = new Map<string, { weight: number; weighted: number; sum: number }>();
  for (const outcome of standingOutcomes(outcomes)) {
    const { kind, value } = outcome;
    const weight = outcomeWeight(outcome);
    if (value === undefined || weight === 0) continue;
    const tally = byKind.get(kind) ?? { weight: 0, weighted: 0, sum: 0 };
    tally.weight = Math.max(tally.weight, weight);
    tally.weighted += weight * value;
    tally.sum += weight;
    byKind.set(kind, tally);
  }
  let strongest: Verdict | undefined;
  for (const [kind, { weight, weighted, sum }] of byKind) {
    if (strongest === undefined || weight > strongest.weight) strongest = { kind, weight, value: weighted / sum };
  }
  return strongest;
}
