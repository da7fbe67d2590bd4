import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/runtime/contract.ts';
import { openCodeWorld } from './code-world.ts';
import { humanEvalPython, humanEvalScripts, programOf, type SolvedTask } from './human-eval-tasks.ts';
import { mutatePython } from './mutate-python.ts';
import { spoilScript } from './mutate-script.ts';

const world = await openCodeWorld();
afterAll(() => world.close());

async function gradeAll(
  tasks: readonly SolvedTask[],
  solutionOf: (solution: string) => string | undefined,
): Promise<Map<string, Receipt>> {
  const graded = await Promise.all(
    tasks.map(async (task) => {
      const solution = solutionOf(task.solution);
      if (solution === undefined) return undefined;
      return [task.id, await world.grade(task.language, programOf(task, solution))] as const;
    }),
  );
  return new Map(graded.filter((one) => one !== undefined));
}

const suites = [
  { name: 'HumanEval in Python', tasks: humanEvalPython(), mutate: mutatePython, least: 164, leastBroken: 100 },
  {
    name: 'HumanEval-XL in JavaScript',
    tasks: humanEvalScripts('javascript'),
    mutate: spoilScript,
    least: 40,
    leastBroken: 40,
  },
  {
    name: 'HumanEval-XL in TypeScript',
    tasks: humanEvalScripts('typescript'),
    mutate: spoilScript,
    least: 40,
    leastBroken: 40,
  },
];

describe.skipIf(!world.isUsable).each(suites)('$name through the runtime', (suite) => {
  const { name, tasks, mutate, least, leastBroken } = suite;
  let references: Map<string, Receipt>;
  let wallMs = 0;

  beforeAll(async () => {
    const startMs = performance.now();
    references = await gradeAll(tasks, (solution) => solution);
    wallMs = performance.now() - startMs;
  }, 400_000);

  it('passes every reference solution', () => {
    const failed = [...references].filter(([, { status }]) => status !== 'succeeded').map(([id]) => id);
    expect(references.size).toBeGreaterThanOrEqual(least);
    expect(failed).toEqual([]);
    process.stdout.write(`${name}: ${references.size} solutions in ${(wallMs / 1000).toFixed(1)} s, `);
    process.stdout.write(`${((references.size / wallMs) * 1000).toFixed(1)} runs/s\n`);
  });

  it('fails solutions that were broken', async () => {
    const mutants = await gradeAll(tasks, mutate);
    const passed = [...mutants].filter(([, { status }]) => status === 'succeeded').map(([id]) => id);
    expect(mutants.size).toBeGreaterThanOrEqual(leastBroken);
    // A change may leave the meaning as it was, and tests may not look where it was made.
    expect(passed.length / mutants.size).toBeLessThan(0.1);
    expect([...mutants.values()].every(({ status }) => status !== 'broken' && status !== 'build_failed')).toBe(true);
    process.stdout.write(`${name}: ${mutants.size} broken solutions, ${passed.length} passed all the same\n`);
  }, 400_000);
});
