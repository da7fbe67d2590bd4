import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { Journal } from '../contract.ts';
import type { JournalLogEntry } from '../journal-log.ts';
import { type JournalSeams, type JournalSettings, openJournal } from '../open-journal.ts';
import type { WriterSetup } from '../writer/writer-protocol.ts';

export const gatewayId = 'gateway-1';
export const makeRequestId = ((): (() => string) => {
  const makeId = createIdSource(systemClock, createSystemRandom());
  return () => makeId('req');
})();

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function openFact(requestId: string, heldNanos?: string): Fact {
  return {
    type: 'open',
    requestId,
    atMs: systemClock.nowMs(),
    key: 'key-1',
    customer: 'default',
    dialect: 'openai-chat',
    operation: 'generate',
    model: 'openai/gpt-5',
    stream: false,
    inputEstimateTokens: 10,
    ...(heldNanos === undefined ? {} : { heldNanos }),
  };
}

export function attemptFact(requestId: string, costNanos: string): Fact {
  return {
    type: 'attempt',
    requestId,
    attempt: 1,
    host: 'openai',
    upstreamModel: 'gpt-5',
    dialect: 'openai-chat',
    startedAtMs: systemClock.nowMs(),
    totalMs: 12.5,
    costNanos,
    flags: [],
  };
}

export function finalFact(requestId: string, costNanos = '7'): Fact {
  return {
    type: 'final',
    requestId,
    atMs: systemClock.nowMs(),
    status: 'completed',
    httpStatus: 200,
    key: 'key-1',
    customer: 'default',
    model: 'openai/gpt-5',
    attempts: 1,
    costNanos,
    cache: 'miss',
    totalMs: 12.5,
  };
}

/** The writer thread as one piece of JavaScript: a thread that compiles its modules itself starts in seconds. */
const writerBundle = buildSync({
  entryPoints: [fileURLToPath(new URL('../writer/writer-thread.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text;

/** Starts the real writer thread, compiled beforehand. */
export function spawnCompiledWriter(setup: WriterSetup): Worker {
  const program = new URL(`data:text/javascript,${encodeURIComponent(writerBundle ?? '')}`);
  return new Worker(program, { workerData: setup, name: 'journal-writer' });
}

export interface OpenedJournal {
  readonly journal: Journal;
  readonly directory: string;
  readonly folder: string;
  readonly logged: JournalLogEntry[];
}

/** Opens a real journal with its writer thread; closed when the test ends. */
export async function openTestJournal(
  settings: Partial<JournalSettings> = {},
  seams: JournalSeams = {},
): Promise<OpenedJournal> {
  const directory = settings.directory ?? temporaryDirectory();
  const logged: JournalLogEntry[] = [];
  const journal = await openJournal(
    {
      gatewayId,
      durability: 'durable',
      clock: systemClock,
      log: (entry) => logged.push(entry),
      ...settings,
      directory,
    },
    // A module that replaces the disk is TypeScript source, which only the usual thread can load.
    seams.filesModule === undefined ? { spawn: spawnCompiledWriter, ...seams } : seams,
  );
  onTestFinished(() => journal.close().catch(() => undefined));
  return { journal, directory, folder: join(directory, gatewayId), logged };
}

export async function readAll(journal: Journal): Promise<Fact[]> {
  const facts: Fact[] = [];
  for await (const { fact } of journal.read()) facts.push(fact);
  return facts;
}

export function segmentFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted();
}
