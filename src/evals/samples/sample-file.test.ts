import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sample } from './sample-book.ts';
import { SampleFile } from './sample-file.ts';

describe('a file of samples', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-samples-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const sample = (requestId: string): Sample => ({ requestId }) as Sample;

  it('goes on after a line that a crash cut, and loses nothing but that line', async () => {
    const path = join(folder, 'job.ndjson');
    writeFileSync(path, `${JSON.stringify(sample('req_1'))}\n{"requestId":"req_2","ans`);
    const file = new SampleFile(path);
    const kept = [...(await file.read())];
    expect(kept).toEqual([sample('req_1')]);
    for (const requestId of ['req_3', 'req_4']) {
      kept.push(sample(requestId));
      await file.add(sample(requestId), kept);
    }
    expect(await new SampleFile(path).read()).toEqual(kept);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });
});
