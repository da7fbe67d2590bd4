import { describe, expect, it } from 'vitest';
import { ExchangeLog, type LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { AttemptFact, CascadeFact, DecisionFact, FinalFact } from '../../domain/facts/facts.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { measureSaving } from './measure-saving.ts';
import type { Parity, SavingLayer } from './roi-report.ts';

const parity: Parity = {
  baseline: 'large',
  difference: 0,
  lowerBound: 0,
  margin: 0.02,
  isProven: true,
  detail: 'measured',
};
const [smallNanos, largeNanos] = [1_000_000, 10_000_000];
const chainedShare = 0.8;
const acceptedShare = 0.6;
/** What one request that goes through the chain truly saves on average. */
const savedEach = largeNanos - (smallNanos + (1 - acceptedShare) * largeNanos);

/** Four of five requests go through the chain, unless they are drawn to be held out of it. */
function exchangesOf(count: number, of: { seed: number; heldOutShare: number }): LoggedExchange[] {
  const random = createSeededRandom(of.seed);
  return Array.from({ length: count }, (_, at) => {
    const isChained = random.unit() < chainedShare;
    const isHeldOut = isChained && random.unit() < of.heldOutShare;
    const isAccepted = random.unit() < acceptedShare;
    const isAsked = isChained && !isHeldOut;
    const bySmall = isAsked && isAccepted;
    const costNanos = bySmall ? smallNanos : largeNanos + (isAsked ? smallNanos : 0);
    // What the router expected is off by a third, in both directions.
    const expected = { large: largeNanos / 1.5, chain: 1.5 * (smallNanos + (1 - acceptedShare) * largeNanos) };
    const chain = {
      stages: ['small', 'large'],
      single: 'large',
      costNanos: String(Math.round(expected.chain)),
      ...(of.heldOutShare > 0 && { propensity: isHeldOut ? of.heldOutShare : 1 - of.heldOutShare }),
    } as unknown as CascadeFact;
    return {
      final: { requestId: `r${at}`, model: bySmall ? 'small' : 'large', host: 'alpha' },
      decision: {
        routing: {
          candidates: [
            { model: 'small', quality: 0.7, costNanos: String(smallNanos) },
            { model: 'large', quality: 0.9, costNanos: String(Math.round(expected.large)) },
          ],
        },
        ...(isChained && (isHeldOut ? { heldOutCascade: chain } : { cascade: chain })),
      },
      outcomes: [],
      costNanos: BigInt(costNanos),
      chargeNanos: null,
      estimatedNanos: 0n,
      wasteNanos: isAsked && !isAccepted ? BigInt(smallNanos) : 0n,
    } as unknown as LoggedExchange;
  });
}

function layerOf(exchanges: readonly LoggedExchange[]): SavingLayer {
  const layer = measureSaving(exchanges, parity)?.layers.find(({ name }) => name === 'verifier cascade');
  if (layer === undefined) throw new Error('there is no such layer');
  return layer;
}

describe('what a cascade saves', () => {
  it('is right on average by what was held out of it at random, however wrong the expectations are', () => {
    const count = 800;
    const truth = count * chainedShare * 0.8 * savedEach;
    let [sum, covered] = [0, 0];
    const repetitions = 40;
    for (let seed = 0; seed < repetitions; seed++) {
      const { measured } = layerOf(exchangesOf(count, { seed, heldOutShare: 0.2 }));
      const [lower = 1, upper = 0] = measured?.interval ?? [];
      sum += measured?.nanos ?? 0;
      if (lower <= truth && truth <= upper) covered++;
    }
    expect(Math.abs(sum / repetitions / truth - 1)).toBeLessThan(0.03);
    expect(covered / repetitions).toBeGreaterThan(0.87);
  });

  it('names how many were asked and held out, and that it rests on expectations where nobody was', () => {
    expect(layerOf(exchangesOf(400, { seed: 1, heldOutShare: 0.2 })).note).toMatch(
      /^\d+ of 400 requests, all drafts counted; against \d+ that were held out at random$/,
    );
    expect(layerOf(exchangesOf(400, { seed: 1, heldOutShare: 0 })).note).toMatch(/no request was held out/);
    expect(layerOf(exchangesOf(400, { seed: 1, heldOutShare: 0 })).savedNanos).toBeGreaterThan(0n);
  });

  it('is zero without one, and the layers add up to what was saved either way', () => {
    const alone = exchangesOf(200, { seed: 1, heldOutShare: 0 }).filter(({ decision }) => !decision?.cascade);
    expect(layerOf(alone)).toMatchObject({ savedNanos: 0n, note: 'none answered' });
    const saving = measureSaving(exchangesOf(400, { seed: 3, heldOutShare: 0.1 }), parity);
    const parts = saving?.layers.reduce((total, { savedNanos }) => total + savedNanos, saving.restNanos);
    expect(parts).toBe(saving?.savedNanos);
  });
});

describe('drafts in the log', () => {
  it('are contained in what an exchange cost and in its waste, and told apart', () => {
    const log = new ExchangeLog({ fromMs: 0, toMs: 100 });
    const attempt = { type: 'attempt', requestId: 'r', startedAtMs: 1, flags: [], costSource: 'usage' };
    log.add({ ...attempt, costNanos: '5', fault: 'answer_rejected' } as unknown as AttemptFact);
    log.add({ ...attempt, costNanos: '3', fault: 'upstream_overloaded' } as unknown as AttemptFact);
    log.add({ ...attempt, costNanos: '40' } as unknown as AttemptFact);
    log.add({ type: 'decision', requestId: 'r', atMs: 1 } as unknown as DecisionFact);
    log.add({ type: 'final', requestId: 'r', atMs: 2, costNanos: '48', chargeNanos: null } as unknown as FinalFact);
    expect([...log.exchanges()]).toMatchObject([{ costNanos: 48n, wasteNanos: 8n, draftNanos: 5n }]);
  });
});
