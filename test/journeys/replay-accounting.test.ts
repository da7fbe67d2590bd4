import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/platform/random.ts';
import { startFakeUpstreams } from '../fake-upstream/index.ts';
import { bootProduct } from './support/boot-product.ts';
import { faultyPair, replayTrace, type TraceRow } from './support/replay-trace.ts';

/** Bursts and pauses as coding assistants make them: many short answers, few long prompts. */
function syntheticTrace(count: number): TraceRow[] {
  const random = createSeededRandom(7);
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += random.unit() < 0.7 ? random.unit() * 60 : random.unit() * 1500;
    return {
      atMs,
      inputTokens: Math.round(7000 * random.unit() ** 3),
      outputTokens: 1 + Math.round(random.unit() * 60),
    };
  });
}

describe('a replayed trace with faults at five per cent', () => {
  it('ends with each request accounted for once', async () => {
    const upstreams = await startFakeUpstreams(2, { recordLimit: 0 });
    const booted = await bootProduct(faultyPair(upstreams));
    const rows = syntheticTrace(400);
    const { answers, finals, attempts, contradictions } = await replayTrace(rows, 100, booted);
    const upstreamCount = upstreams.reduce((sum, upstream) => sum + upstream.stats().requests, 0);
    await booted.close();
    await Promise.all(upstreams.map((upstream) => upstream.close()));

    expect(contradictions).toEqual([]);
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(rows.length);
    expect(finals).toBe(rows.length);
    expect(attempts).toBe(upstreamCount);
    // A refusal is not seen by the client, since another attempt answers; three faults in a row come about once in
    // 8,000 requests, and which request meets them depends on the order of arrival.
    expect(attempts).toBeGreaterThan(rows.length);
    expect(answers.filter(({ outcome }) => outcome === 'broken off')).toEqual([]);
    expect(answers.filter(({ outcome }) => outcome === 'refused').length).toBeLessThanOrEqual(2);
  });
});
