import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { createSeededRandom } from '../../platform/random.ts';
import type { CascadeDecision, CascadeRequest } from './plan-cascade.ts';
import { planCascade } from './plan-cascade.ts';

const endpoints = ['large', 'small'].map((modelName) => ({ modelName, id: `host/${modelName}` }) as Endpoint);

function plan(seed: number, heldOutShare: number): CascadeDecision {
  const candidates = [
    { model: 'large', quality: 0.9, costNanos: 1_000 },
    { model: 'small', quality: 0.7, costNanos: 100 },
  ];
  return planCascade({
    settings: { models: ['small', 'large'], verifier: 'http', maxVerifierErrorRate: 0.15, heldOutShare },
    decided: {
      decision: { model: 'large', ranked: endpoints, reasons: ['because'] },
      routed: { decision: { candidates, reason: 'best' }, input: { seed } },
    },
    verifier: { kind: 'http', version: '1', refuses: () => undefined },
    demand: {},
    verifierError: 0.05,
    gradedBy: () => [],
  } as unknown as CascadeRequest);
}

describe('a cascade with a share that is held out of it', () => {
  const plans = Array.from({ length: 2_000 }, (_, seed) => plan(seed, 0.2));

  it('lets one model answer alone for exactly that share, and writes the chance of what was done', () => {
    const heldOut = plans.filter(({ cascade }) => cascade?.heldOut !== undefined);
    expect(heldOut.length / plans.length).toBeCloseTo(0.2, 1);
    for (const { cascade, decision } of plans) {
      expect(cascade?.fact?.propensity ?? 1 - (cascade?.heldOut?.propensity ?? 0)).toBeCloseTo(0.8, 12);
      expect(decision.model).toBe(cascade?.heldOut ? 'large' : 'small');
    }
    expect(heldOut[0]?.decision.reasons.at(-1)).toBe('no cascade: held out to measure it, as 20% of requests are');
  });

  it('draws it from the seed, so that it can be replayed, and not by the number that drew the model', () => {
    expect(plans.slice(0, 50).map(({ decision }) => decision.model)).toEqual(
      Array.from({ length: 50 }, (_, seed) => plan(seed, 0.2).decision.model),
    );
    const low = plans.filter((_, seed) => createSeededRandom(seed).unit() < 0.5);
    const share = low.filter(({ cascade }) => cascade?.heldOut !== undefined).length / low.length;
    expect(share).toBeGreaterThan(0.16);
    expect(share).toBeLessThan(0.24);
  });

  it('holds nothing out unless told, and says so by writing no chance', () => {
    const { cascade } = plan(1, 0);
    expect(cascade).toMatchObject({ fact: { single: 'large' } });
    expect(cascade?.fact).not.toHaveProperty('propensity');
  });
});
