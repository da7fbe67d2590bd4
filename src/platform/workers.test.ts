import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawnWorker } from './workers.ts';

describe('spawnWorker', () => {
  it.each([
    ['ts', 'const double = (value: number): number => value * 2;'],
    ['js', 'const double = (value) => value * 2;'],
  ])('runs the module of the same kind as its caller: %s', async (extension, source) => {
    const folderUrl = pathToFileURL(mkdtempSync(join(tmpdir(), 'worker-'))).href;
    const path = new URL(`${folderUrl}/entry.${extension}`);
    writeFileSync(
      path,
      `import { parentPort, workerData } from 'node:worker_threads';\n${source}\nparentPort.postMessage(double(workerData));`,
    );
    writeFileSync(new URL(`${folderUrl}/package.json`), '{"type":"module"}');
    const worker = spawnWorker(`${folderUrl}/caller.${extension}`, './entry', { workerData: 21 });
    expect(await once(worker, 'message')).toEqual([42]);
    await worker.terminate();
    rmSync(new URL(folderUrl), { recursive: true, force: true });
  });
});
