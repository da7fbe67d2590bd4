import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    const path = new URL(`${folderUrl}/entry-thread.${extension}`);
    writeFileSync(
      path,
      `import { parentPort, workerData } from 'node:worker_threads';\n${source}\nparentPort.postMessage(double(workerData));`,
    );
    writeFileSync(new URL(`${folderUrl}/package.json`), '{"type":"module"}');
    const worker = spawnWorker(`${folderUrl}/caller.${extension}`, './entry-thread', { workerData: 21 });
    expect(await once(worker, 'message')).toEqual([42]);
    await worker.terminate();
    rmSync(new URL(folderUrl), { recursive: true, force: true });
  });

  it('finds the module of a bundle beside its caller, and elsewhere in the folder it is said to be in', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'worker-'));
    const program = (answer: string): string =>
      `import { parentPort } from 'node:worker_threads';\nparentPort.postMessage('${answer}');`;
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'bundled-thread.js'), program('bundled'));
    writeFileSync(join(folder, 'inner', 'compiled-thread.js'), program('compiled'));
    const callerUrl = pathToFileURL(join(folder, 'caller.js')).href;
    for (const answer of ['bundled', 'compiled']) {
      const worker = spawnWorker(callerUrl, `./inner/${answer}-thread`);
      expect(await once(worker, 'message')).toEqual([answer]);
      await worker.terminate();
    }
    rmSync(folder, { recursive: true, force: true });
  });
});
