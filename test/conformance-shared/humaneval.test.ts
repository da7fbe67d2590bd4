import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/runtime/contract.ts';
import { defaultLimits, maximumLimits, RunService, WorkspaceDriver } from '../../src/runtime/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import { mutatePython } from './mutate-python.ts';

interface Task {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  readonly canonical_solution: string;
  readonly test: string;
}

const file = `${process.env['SWITCHYARD_SHARED']}/data/value/evals/HumanEval.jsonl.gz`;
const tasks = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Task);
const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-humaneval-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, warm: 2 });
const isUsable = (await driver.probe()).unusable === undefined;
const service = new RunService({
  driver,
  clock: systemClock,
  newId,
  canTranslate: false,
  settings: () => ({
    minIsolation: 'sandbox-rlimit',
    limits: { ...defaultLimits, cpuMs: 5000, wallMs: 20_000, memoryBytes: 256 * 1024 * 1024 },
    mostLimits: maximumLimits,
    concurrent: 2,
    waiting: 1000,
  }),
  record: () => Promise.resolve(),
});

afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** Runs a solution of a task against the task's own tests. */
async function grade(task: Task, solution: string): Promise<Receipt> {
  const code = `${task.prompt}${solution}\n${task.test}\ncheck(${task.entry_point})\n`;
  const running = await service.run({ language: 'python', files: [{ path: 'main.py', bytes: Buffer.from(code) }] });
  for await (const event of running.events()) if (event.type === 'receipt') return event.receipt;
  throw new Error('a run ended without a receipt');
}

async function gradeAll(solutionOf: (task: Task) => string | undefined): Promise<Map<string, Receipt>> {
  const graded = await Promise.all(
    tasks.map(async (task) => {
      const solution = solutionOf(task);
      return solution === undefined ? undefined : ([task.task_id, await grade(task, solution)] as const);
    }),
  );
  return new Map(graded.filter((one) => one !== undefined));
}

describe.skipIf(!isUsable)('HumanEval in Python through the runtime', () => {
  let references: Map<string, Receipt>;
  let wallMs = 0;

  beforeAll(async () => {
    const startMs = performance.now();
    references = await gradeAll((task) => task.canonical_solution);
    wallMs = performance.now() - startMs;
  }, 400_000);

  it('passes every reference solution', () => {
    const failed = [...references].filter(([, { status }]) => status !== 'succeeded').map(([id]) => id);
    expect(references.size).toBe(164);
    expect(failed).toEqual([]);
    process.stdout.write(`HumanEval: ${references.size} solutions in ${(wallMs / 1000).toFixed(1)} s, `);
    process.stdout.write(`${((references.size / wallMs) * 1000).toFixed(1)} runs/s\n`);
  });

  it('fails solutions that were broken', async () => {
    const mutants = await gradeAll(({ canonical_solution }) => mutatePython(canonical_solution));
    const passed = [...mutants].filter(([, { status }]) => status === 'succeeded').map(([id]) => id);
    expect(mutants.size).toBeGreaterThan(100);
    // A change may leave the meaning as it was, and tests may not look where it was made.
    expect(passed.length / mutants.size).toBeLessThan(0.1);
    expect([...mutants.values()].every(({ status }) => status !== 'broken')).toBe(true);
    process.stdout.write(`HumanEval: ${mutants.size} broken solutions, ${passed.length} passed all the same\n`);
  }, 400_000);
});
