/**
 * Evidence against "the mean is at most the bound" for values within known limits, valid at every look and for every
 * sample size: the wealth of bets that pay only when the mean lies above. Several stakes are held at once and their
 * average counts, so that no variance has to be known. The order of values does not matter.
 */
export interface OneSidedTest extends OneSidedPlan {
  readonly stakes: readonly number[];
  /** Logarithm of what each stake has become. */
  readonly wealth: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** What the test is about. */
export interface OneSidedPlan {
  readonly bound: number;
  /** Smallest and largest value that can occur; others are clipped. */
  readonly lowest: number;
  readonly highest: number;
}

const stakeCount = 12;

/** A test that has seen nothing. */
export function openTest(plan: OneSidedPlan): OneSidedTest {
  const room = plan.bound - plan.lowest;
  // Values cannot lie below the bound: any stake is safe, and one unit of range is enough.
  const largest = 0.9 / (room > 0 ? room : plan.highest - plan.lowest);
  const stakes = Array.from({ length: stakeCount }, (_, at) => largest * 0.6 ** at);
  return { ...plan, stakes, wealth: stakes.map(() => 0), count: 0, sum: 0 };
}

/** The test after one more value, `times` over. */
export function addValue(test: OneSidedTest, value: number, times = 1): OneSidedTest {
  const clipped = Math.min(test.highest, Math.max(test.lowest, value));
  const excess = clipped - test.bound;
  return {
    ...test,
    // No stake can lose everything, so that the logarithm always exists.
    wealth: test.wealth.map((wealth, at) => wealth + times * Math.log1p((test.stakes[at] ?? 0) * excess)),
    count: test.count + times,
    sum: test.sum + times * clipped,
  };
}

/** How many times likelier than chance the evidence is: at 1/alpha the bound is refuted at level alpha. */
export function testEvidence(test: OneSidedTest): number {
  return Math.exp(logEvidence(test));
}

/** The same as a logarithm: evidence of independent sources adds up. */
export function logEvidence(test: OneSidedTest): number {
  const highest = Math.max(...test.wealth);
  const sum = test.wealth.reduce((total, wealth) => total + Math.exp(wealth - highest), 0);
  return highest + Math.log(sum / test.wealth.length);
}

/** Whether the mean is shown to lie above the bound, at whatever look this is. */
export function isRefuted(test: OneSidedTest, alpha: number): boolean {
  return testEvidence(test) >= 1 / alpha;
}
