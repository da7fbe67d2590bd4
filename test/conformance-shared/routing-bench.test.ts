import { describe, expect, it } from 'vitest';
import { loadSet } from '../../src/cli/offline/bench-routing/load-set.ts';
import { runBench } from '../../src/cli/offline/bench-routing/run-bench.ts';
import * as routing from '../../src/routing/index.ts';

const folder = `${process.env['SWITCHYARD_SHARED']}/data/routing`;

function bench() {
  return runBench(routing, {
    data: `${folder}/check`,
    train: [`${folder}/train`],
    sets: ['routellm-gsm8k', 'canaicode-junior-v2'],
    excludeJobs: undefined,
    seed: 1,
    version: 'test',
    nowMs: () => 0,
    log: () => undefined,
  });
}

describe('the router on graded prompts', () => {
  it('knows from the prompt which questions need the strong model, and says what it could not measure', async () => {
    const report = await bench();
    const [set] = report.sets;
    expect(set?.rows).toBe(274);
    expect(set?.bestSingle.accuracy).toBeCloseTo(0.854, 3);
    expect(set?.router.apgr).toBeGreaterThan(0.6);
    expect(set?.router.aiq).toBeGreaterThan(set?.staticHull.aiq ?? 1);
    expect(report.skipped.map(({ set: name }) => name)).toContain('canaicode-junior-v2');
    expect(report.goals.map(({ id }) => id)).not.toContain('G4 share');
  });

  it('gives the same report twice', async () => {
    const [first, second] = [await bench(), await bench()];
    expect(JSON.stringify({ ...second, timing: 0, goals: 0 })).toBe(JSON.stringify({ ...first, timing: 0, goals: 0 }));
  });

  it('refuses a row that is on both sides', async () => {
    const leaking = runBench(routing, {
      data: `${folder}/train`,
      train: [`${folder}/train`],
      sets: ['canaicode-junior-v2'],
      excludeJobs: undefined,
      seed: 1,
      version: 'test',
      nowMs: () => 0,
      log: () => undefined,
    });
    await expect(leaking).rejects.toThrow('on both sides');
  });

  it('reads every set', async () => {
    const set = await loadSet(`${folder}/check`, 'llmrouter-9');
    expect(set.rows).toHaveLength(771);
    expect(set.models).toHaveLength(9);
  });
});
