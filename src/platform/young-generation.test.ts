import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

// In a process of its own: that of the tests has grown long ago.
const program = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { holdYoungGeneration } from ${JSON.stringify(new URL('young-generation.ts', import.meta.url).href)};
  const sizeMebibytes = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 1048576;
  const litter = () => {
    const kept = [];
    for (let index = 0; index < 600_000; index++) {
      kept.push({ index, text: 'x' + index });
      if (kept.length > 30_000) kept.length = 0;
    }
    return sizeMebibytes();
  };
  const first = sizeMebibytes();
  const release = holdYoungGeneration();
  const held = litter();
  release();
  console.log(JSON.stringify({ first, held, released: litter() }));
`;

describe('the young generation', () => {
  it('stays as it is while it is held, and grows with the work afterwards', () => {
    const parameters = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const sizes = JSON.parse(execFileSync(process.execPath, parameters, { encoding: 'utf8' })) as {
      readonly [name in 'first' | 'held' | 'released']: number;
    };
    expect(sizes.held).toBeLessThanOrEqual(sizes.first);
    expect(sizes.released).toBeGreaterThan(sizes.held);
  });
});
