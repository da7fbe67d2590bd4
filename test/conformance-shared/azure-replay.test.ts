import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startFakeUpstreams } from '../fake-upstream/index.ts';
import { bootProduct } from '../journeys/support/boot-product.ts';
import { faultyPair, replayTrace, type TraceRow } from '../journeys/support/replay-trace.ts';

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const speed = 100;

function readTrace(): TraceRow[] {
  const text = gunzipSync(readFileSync(join(shared, 'data/value/traces/azure2023_code.csv.gz'))).toString();
  const rows = text.trim().split('\n').slice(1);
  return rows.map((row) => {
    const [at = '', inputTokens = '0', outputTokens = '0'] = row.split(',');
    return {
      atMs: Date.parse(`${at.slice(0, 23).replace(' ', 'T')}Z`),
      inputTokens: Number(inputTokens),
      outputTokens: Number(outputTokens),
    };
  });
}

describe('the Azure trace of coding assistants, replayed at a hundred times its speed', () => {
  it('ends with each request accounted for once, though five calls in a hundred fail', async ({ annotate }) => {
    const rows = readTrace();
    expect(rows.length).toBeGreaterThan(8000);
    const upstreams = await startFakeUpstreams(2, { recordLimit: 0 });
    const booted = await bootProduct(faultyPair(upstreams));
    const { answers, finals, attempts, contradictions, wallMs } = await replayTrace(rows, speed, booted);
    const upstreamCount = upstreams.reduce((sum, upstream) => sum + upstream.stats().requests, 0);
    await booted.close();
    await Promise.all(upstreams.map((upstream) => upstream.close()));

    const failed = answers.filter(({ outcome }) => outcome !== 'answered').length;
    await annotate(`${rows.length} requests in ${Math.round(wallMs)} ms, ${attempts} attempts, ${failed} not answered`);
    expect(contradictions).toEqual([]);
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(rows.length);
    expect(finals).toBe(rows.length);
    expect(attempts).toBe(upstreamCount);
    expect(answers.filter(({ outcome }) => outcome === 'broken off')).toEqual([]);
    // What fails before the first content is answered by the other endpoint; only cut streams may be told.
    expect(answers.filter(({ outcome }) => outcome === 'refused').length).toBeLessThan(rows.length / 200);
    expect(failed).toBeLessThan(rows.length / 20);
    expect(attempts).toBeGreaterThan(rows.length);
  }, 180_000);
});
