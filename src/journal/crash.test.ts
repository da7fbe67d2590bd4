import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { createSeededRandom } from '../platform/random.ts';
import { recoverSegments } from './segment-recovery.ts';
import { gatewayId, openTestJournal, readAll, temporaryDirectory } from './testing/test-support.ts';
import { readJournalDirectory, verifyJournal } from './verify-journal.ts';

const lives = 20;
const childPath = fileURLToPath(new URL('./testing/crash-child.ts', import.meta.url));

/** One life of a gateway, killed after a number of acknowledgements and a moment more; returns what it was told. */
async function liveAndDie(directory: string, acknowledgements: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', childPath, directory, gatewayId], {
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
  const directory = temporaryDirectory();
  const random = createSeededRandom(20_26);
  const acknowledged: string[] = [];
  for (let life = 0; life < lives; life += 1) {
    acknowledged.push(...(await liveAndDie(directory, 1 + Math.floor(random.unit() * 400))));
    const finals = new Map<string, number>();
    for await (const { fact } of readJournalDirectory(directory)) {
      if (fact.type === 'final') finals.set(fact.requestId, (finals.get(fact.requestId) ?? 0) + 1);
    }
    expect(acknowledged.filter((id) => finals.get(id) !== 1)).toEqual([]);
  }
  const startMs = performance.now();
  await recoverSegments(join(directory, gatewayId), gatewayId);
  expect(performance.now() - startMs).toBeLessThan(1000);

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
