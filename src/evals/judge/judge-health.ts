import type { PairVerdict } from './judge-pair.ts';

/** What is known of a judge's own faults. */
export interface JudgeHealth {
  readonly pairs: number;
  /** Share of pairs whose verdict turned with the order. */
  readonly flipRate: number;
  /** Share of pairs it would not judge. */
  readonly refusalRate: number;
  /** Log-odds that the longer answer wins per standard deviation of the difference in length; undefined: too few. */
  readonly lengthCoefficient: number | undefined;
  readonly lengthError: number | undefined;
  /** Red judges decide nothing; their verdicts are shown and left out. `unknown`: too few pairs to say. */
  readonly gate: 'green' | 'red' | 'unknown';
  readonly reasons: readonly string[];
}

const minPairs = 20;
const maxFlipRate = 0.1;
const maxRefusalRate = 0.2;
const maxLengthCoefficient = 0.5;
/** Two-sided 1 %: a judge is not called biased by chance. */
const certain = 2.576;
const ridge = 0.05;

/** Looks for bias by position and by length. Lengths must not go with quality in the pairs, or both are confounded. */
export function judgeHealth(verdicts: readonly PairVerdict[]): JudgeHealth {
  const pairs = verdicts.length;
  const flipRate = shareOf(verdicts, ({ flipped }) => flipped);
  const refusalRate = shareOf(verdicts, ({ refused }) => refused);
  const length = lengthEffect(verdicts);
  const reasons: string[] = [];
  if (flipRate > maxFlipRate) reasons.push(`${percent(flipRate)} of its verdicts turn with the order of the answers`);
  if (refusalRate > maxRefusalRate) reasons.push(`it does not judge ${percent(refusalRate)} of the pairs`);
  const isBiased =
    length !== undefined &&
    Math.abs(length.coefficient) > maxLengthCoefficient &&
    Math.abs(length.coefficient) > certain * length.error;
  if (isBiased) {
    const preferred = length.coefficient > 0 ? 'longer' : 'shorter';
    reasons.push(`it prefers ${preferred} answers: ${length.coefficient.toFixed(2)} log-odds per standard deviation`);
  }
  const bad = reasons.length > 0 ? 'red' : 'green';
  if (pairs < minPairs) reasons.push(`not enough pairs: ${minPairs - pairs} more are needed`);
  return {
    pairs,
    flipRate,
    refusalRate,
    lengthCoefficient: length?.coefficient,
    lengthError: length?.error,
    gate: pairs < minPairs ? 'unknown' : bad,
    reasons,
  };
}

/** Logistic regression of winning on relative length, ties left out; a little ridge keeps perfect bias finite. */
function lengthEffect(
  verdicts: readonly PairVerdict[],
): { readonly coefficient: number; readonly error: number } | undefined {
  const decided = verdicts.filter(({ preferred }) => preferred !== 'tie');
  const raw = decided.map(({ firstLength, secondLength }) => {
    const sum = firstLength + secondLength;
    return sum === 0 ? 0 : (firstLength - secondLength) / sum;
  });
  const spread = Math.sqrt(raw.reduce((sum, one) => sum + one * one, 0) / Math.max(1, raw.length));
  if (decided.length < minPairs || spread === 0) return undefined;
  const rows = decided.map(({ preferred }, at) => ({ x: (raw[at] ?? 0) / spread, won: preferred === 'first' ? 1 : 0 }));
  let coefficient = 0;
  let information = 0;
  for (let step = 0; step < 50; step++) {
    let gradient = -ridge * rows.length * coefficient;
    information = ridge * rows.length;
    for (const { x, won } of rows) {
      const chance = 1 / (1 + Math.exp(-coefficient * x));
      gradient += x * (won - chance);
      information += x * x * chance * (1 - chance);
    }
    const change = gradient / information;
    coefficient += change;
    if (Math.abs(change) < 1e-9) break;
  }
  return { coefficient, error: 1 / Math.sqrt(information) };
}

function shareOf(verdicts: readonly PairVerdict[], holds: (one: PairVerdict) => boolean): number {
  return verdicts.length === 0 ? 0 : verdicts.filter(holds).length / verdicts.length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
