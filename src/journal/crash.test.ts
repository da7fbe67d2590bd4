import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { createSeededRandom } from '../platform/random.ts';
import { recoverSegments } from './segments/segment-recovery.ts';
import { gatewayId, openTestJournal, readAll, temporaryDirectory } from './testing/test-support.ts';
import { readJournalDirectory, verifyJournal } from './verify-journal.ts';

// Each life starts a process; scripts/crash-money.mjs takes as many as it is told.
const lives = 6;

/** A process that compiles itself takes seconds to start: the child is compiled once. */
function compileChild(): string {
  const outdir = temporaryDirectory();
  buildSync({
    entryPoints: {
      'crash-child': sourcePath('./testing/crash-child.ts'),
      'writer/writer-thread': sourcePath('./writer/writer-thread.ts'),
    },
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}');
  return join(outdir, 'crash-child.js');
}

const sourcePath = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One life of a gateway, killed after a number of acknowledgements and a moment more; returns what it was told. */
async function liveAndDie(childPath: string, directory: string, acknowledgements: number): Promise<string[]> {
  const child = spawn(process.execPath, [childPath, directory, gatewayId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (!child.killed && output.split('\n').length > acknowledgements) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return output.split('\n').filter((line) => line.startsWith('req_'));
}

it(`loses no acknowledged fact in ${lives} lives that end with SIGKILL`, { timeout: 180_000 }, async () => {
  const childPath = compileChild();
  const directory = temporaryDirectory();
  const random = createSeededRandom(20_26);
  const acknowledged: string[] = [];
  for (let life = 0; life < lives; life += 1) {
    acknowledged.push(...(await liveAndDie(childPath, directory, 1 + Math.floor(random.unit() * 200))));
    const finals = new Map<string, number>();
    for await (const { fact } of readJournalDirectory(directory)) {
      if (fact.type === 'final') finals.set(fact.requestId, (finals.get(fact.requestId) ?? 0) + 1);
    }
    expect(acknowledged.filter((id) => finals.get(id) !== 1)).toEqual([]);
  }
  // The fastest of a few copies: another process on the machine is not what is measured.
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let copy = 0; copy < 3 && fastestMs >= 1000; copy += 1) {
    const copied = temporaryDirectory();
    cpSync(directory, copied, { recursive: true });
    const startMs = performance.now();
    await recoverSegments(join(copied, gatewayId), gatewayId);
    fastestMs = Math.min(fastestMs, performance.now() - startMs);
  }
  expect(fastestMs).toBeLessThan(1000);

  const { journal } = await openTestJournal({ directory });
  const open = new Set<string>();
  for (const fact of await readAll(journal)) {
    if (fact.type === 'open') open.add(fact.requestId);
    else if (fact.type === 'final' || fact.type === 'abort') expect(open.delete(fact.requestId)).toBe(true);
  }
  expect([...open]).toEqual([]);
  await journal.close();
  expect(acknowledged.length).toBeGreaterThan(lives);
  expect(await verifyJournal(directory)).toMatchObject({ ok: true, gateways: [{ openExchanges: 0 }] });
});
