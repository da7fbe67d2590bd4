import { describe, expect, it } from 'vitest';
import { chooseExpectedChain, valueExpectedChain } from './expected-chain.ts';

const small = { model: 'small', quality: 0.7, costNanos: 10 };
const large = { model: 'large', quality: 0.9, costNanos: 200 };

describe('a chain chosen by expectation', () => {
  it('is of a cheap and a strong model, costs a part of the strong one, and is as good', () => {
    const chain = chooseExpectedChain([large, small], { verifierError: 0.02, graded: [] });
    expect(chain?.stages).toEqual(['small', 'large']);
    expect(chain?.costNanos).toBeLessThan(0.5 * large.costNanos);
    expect(chain?.success).toBeGreaterThan(large.quality - 0.01);
  });

  it('is none with a verifier that errs too often, or where the cheapest is the best', () => {
    expect(chooseExpectedChain([small, large], { verifierError: 0.2, graded: [] })).toBeUndefined();
    const better = { ...small, quality: 0.95 };
    expect(chooseExpectedChain([better, large], { verifierError: 0.02, graded: [] })).toBeUndefined();
  });

  it('takes prompts that all were graded on for more than averages', () => {
    // The large model fails exactly where the small one does: nothing is gained by asking it as well.
    const same = Array.from({ length: 40 }, (_, at) => Float64Array.of(at < 28 ? 1 : 0, at < 28 ? 1 : 0));
    const other = Array.from({ length: 40 }, (_, at) => Float64Array.of(at < 28 ? 1 : 0, at >= 4 ? 1 : 0));
    const successOf = (graded: Float64Array[]): number | undefined =>
      chooseExpectedChain([small, large], { verifierError: 0.02, graded })?.success;
    expect(successOf(other)).toBeGreaterThan(0.95);
    expect(successOf(same) ?? 0.7).toBeLessThan(0.72);
  });
});

describe('the value of a chain', () => {
  it('is that of its parts: with a perfect verifier only failures are paid twice', () => {
    const graded = Array.from({ length: 20 }, (_, at) => Float64Array.of(at < 10 ? 1 : 0, 1));
    const { success, costNanos } = valueExpectedChain([small, large], { verifierError: 0, graded });
    expect(success).toBe(1);
    expect(costNanos).toBeCloseTo(10 + 0.5 * 200);
  });

  it('counts three stages, and what a verifier lets pass', () => {
    const graded = Array.from({ length: 20 }, () => Float64Array.of(0, 0, 1));
    const models = [small, { ...small, model: 'mid', costNanos: 50 }, large];
    const { success, costNanos } = valueExpectedChain(models, { verifierError: 0.1, graded });
    expect(success).toBeCloseTo(0.81);
    expect(costNanos).toBeCloseTo(10 + 0.9 * 50 + 0.81 * 200);
  });
});
