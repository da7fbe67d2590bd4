import { describe, expect, it } from 'vitest';
import { rankInThread, type RankInput } from './rank-in-thread.ts';
import { rankRows } from './rank-rows.ts';

function inputOf(partsPerRow: number): RankInput {
  const evidence = ['a', 'b', 'c'].map((model, row) => {
    const parts = Array.from({ length: partsPerRow }, (_, at) => ({
      costNanos: 1000 + at,
      success: Number(at % (row + 2) === 0),
    }));
    const use = {
      model,
      host: 'h',
      upstreamModel: model,
      exchanges: partsPerRow,
      completed: partsPerRow,
      ofJob: partsPerRow,
      judged: partsPerRow,
      inputUnits: 1,
      outputUnits: 1,
      firstByteP50Ms: 1,
      firstByteP95Ms: 2,
      tokensPerSecondP50: 3,
      lastMs: 4,
    };
    return { use, successes: parts.filter(({ success }) => success === 1).length, parts };
  });
  return { evidence, pairs: [] };
}

describe('ranking in a thread', () => {
  it('gives the same rows, while the loop goes on', async () => {
    const input = inputOf(1000);
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const rows = await rankInThread(input);
    clearInterval(ticking);
    expect(rows).toEqual(rankRows(input.evidence, input.pairs));
    expect(turns).toBeGreaterThan(5);
  });

  it('is not needed for few observations', async () => {
    const input = inputOf(10);
    expect(await rankInThread(input)).toEqual(rankRows(input.evidence, input.pairs));
  });
});
