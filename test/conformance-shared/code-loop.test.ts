import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/platform/random.ts';
import { findProgram, findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import type { CodeTask } from '../journeys/support/code-tasks.ts';
import { type CodeAnswer, type CodeWorld, openCodeWorld } from '../journeys/support/code-world.ts';
import { answerOf, type CodingModel } from '../journeys/support/coding-models.ts';
import { waitUntil } from '../journeys/support/wait-until.ts';
import { humanEvalPython, humanEvalScripts, type SolvedTask } from './human-eval-tasks.ts';
import { mutatePython } from './mutate-python.ts';
import { slipsOf, spoilScript } from './mutate-script.ts';

const seed = 11;
const hasSandbox = !('reason' in findSystemTools()) && findProgram('python3') !== undefined;
/** Good at one language, at its price; the best on average is by far the dearest. */
const models: readonly CodingModel[] = [
  { name: 'tiny', skill: { 'code-python': 0.4, 'code-javascript': 0.4 }, inputUsd: 0.1, outputUsd: 0.4 },
  { name: 'snake', skill: { 'code-python': 0.98, 'code-javascript': 0.4 }, inputUsd: 0.4, outputUsd: 1.6 },
  { name: 'script', skill: { 'code-python': 0.4, 'code-javascript': 0.98 }, inputUsd: 0.5, outputUsd: 2 },
  { name: 'large', skill: { 'code-python': 0.8, 'code-javascript': 0.8 }, inputUsd: 5, outputUsd: 20 },
];
const job = (name: string, more: string): string => `  ${name}:
    models: [tiny, snake, script, large]
    value: { lowUsd: 0.002, midUsd: 0.01, highUsd: 0.03 }
${more}`;
const explored = '    exploration: { maxShare: 0.05, usdPerDay: 1 }\n';
const verified = '    cascade: { models: [snake, script, large], verifier: tests }\n';
const jobs = `${job('code-python', explored)}${job('code-javascript', explored)}${job('code', verified)}`;

/** The first third of the task's own tests; the whole of them stays hidden. */
function visibleOf({ language, tests, entryPoint }: SolvedTask): string {
  if (language !== 'python') {
    const blocks = tests.split('\n\n');
    const first = blocks.findIndex((block) => block.startsWith('var arg'));
    return blocks.slice(0, first + Math.ceil((blocks.length - first) / 3)).join('\n\n');
  }
  const lines = tests.split('\n');
  const checks = lines.flatMap((line, at) => (/^ {4}assert/.test(line) ? [at] : []));
  const end = checks[Math.ceil(checks.length / 3)] ?? lines.length;
  return `${lines.slice(0, end).join('\n')}\ncheck(${entryPoint})\n`;
}

function taskOf(task: SolvedTask): CodeTask | undefined {
  const { id, language, prompt, solution } = task;
  const random = createSeededRandom(seed + id.length + Number(/\d+$/.exec(id)?.[0] ?? 0));
  const slips = slipsOf(solution);
  const spoilt = language === 'python' ? mutatePython(solution) : spoilScript(solution);
  const slip = slips[Math.floor(random.unit() * slips.length)] ?? spoilt;
  if (spoilt === undefined || slip === undefined || language === 'typescript' || language === 'shell') return undefined;
  const program = (body: string): string => `${prompt}${body}\n`;
  return {
    name: id,
    job: `code-${language}`,
    language,
    prompt,
    right: program(solution),
    slip: program(slip),
    wrong: program(spoilt),
    visible: visibleOf(task),
    hidden: task.tests,
  };
}

const python = humanEvalPython().flatMap((task) => taskOf(task) ?? []);
const script = humanEvalScripts('javascript').flatMap((task) => taskOf(task) ?? []);
const tasks = [...python.slice(0, 20), ...script.slice(0, 20)];

describe.skipIf(!hasSandbox)('the loop on HumanEval', () => {
  let world: CodeWorld;
  const hidden = new Map<string, boolean>();

  /** Several tasks at a time would share the scripts of the fake models: asking is one by one, running is not. */
  async function serve(
    nameOf: (task: CodeTask) => string,
    how: { visible?: boolean; tells?: boolean; ofJob?: boolean } = {},
  ): Promise<CodeAnswer[]> {
    const { visible = false, tells = true, ofJob = false } = how;
    const answers: CodeAnswer[] = [];
    const running: Promise<void>[] = [];
    for (const task of tasks) {
      const answer = await world.ask(nameOf(task), task, { visible, ...(ofJob && { job: task.job }) });
      answers.push(answer);
      running.push(tells ? note(answer) : tryOnce(answer));
      if (running.length >= 2) await running.shift();
    }
    await Promise.all(running);
    return answers;
  }

  async function note({ program, task, requestId }: CodeAnswer): Promise<void> {
    hidden.set(`${task.name}\n${program}`, await world.passes(program, task, { tests: 'hidden', requestId }));
  }

  /** Looks whether a program is right without telling anybody. */
  async function tryOnce({ program, task }: CodeAnswer): Promise<void> {
    const name = `${task.name}\n${program}`;
    if (!hidden.has(name)) hidden.set(name, await world.passes(program, task, { tests: 'hidden' }));
  }

  function measured(answers: readonly CodeAnswer[]): { passRate: number; costNanos: number } {
    const passed = answers.filter(({ program, task }) => hidden.get(`${task.name}\n${program}`) === true).length;
    const costNanos = answers.reduce((sum, answer) => sum + answer.costNanos, 0) / answers.length;
    return { passRate: passed / answers.length, costNanos };
  }

  beforeAll(async () => {
    world = await openCodeWorld(models, { jobs, seed });
  }, 120_000);
  afterAll(() => world?.close());

  it('routes and cascades by executed outcomes', async () => {
    const rows: { name: string; passRate: number; costNanos: number }[] = [];
    for (const { name } of models)
      rows.push({ name: `${name} alone`, ...measured(await serve(() => name, { ofJob: true })) });
    const best = rows.reduce((left, right) => (right.passRate > left.passRate ? right : left));
    // What the runs told is taken over every few seconds.
    const told = models.length * tasks.length;
    const isLearned = async (): Promise<boolean> => (await world.client.routing.learning()).outcomes >= told;
    await waitUntil(isLearned, 'the outcomes of all runs are learned');
    const routed = measured(await serve((task) => `job/${task.job}`, { tells: false }));
    const cascaded = measured(await serve(() => 'job/code', { visible: true, tells: false }));
    rows.push({ name: 'routed by executed outcomes', ...routed }, { name: 'cascade verified by tests', ...cascaded });
    for (const { name, passRate, costNanos } of rows) {
      const share = ((100 * costNanos) / best.costNanos).toFixed(0);
      process.stdout.write(
        `HumanEval: ${name.padEnd(28)} ${(100 * passRate).toFixed(1)}% right at ${share}% of the cost\n`,
      );
    }
    expect(best.name).toBe('large alone');
    expect(routed.passRate).toBeGreaterThanOrEqual(best.passRate);
    expect(routed.costNanos).toBeLessThanOrEqual(0.6 * best.costNanos);
    expect(cascaded.passRate).toBeGreaterThan(best.passRate);
  }, 600_000);

  it('measures how often visible tests let wrong programs pass', async () => {
    const wrong = tasks.flatMap((task) =>
      [...new Set(models.map((model) => answerOf(model, task, seed)))]
        .filter((program) => hidden.get(`${task.name}\n${program}`) === false)
        .map((program) => ({ task, program })),
    );
    let passed = 0;
    for (const { task, program } of wrong) if (await world.passes(program, task, { tests: 'visible' })) passed += 1;
    process.stdout.write(`HumanEval: visible tests pass ${passed} of ${wrong.length} wrong programs\n`);
    expect(wrong.length).toBeGreaterThan(20);
    expect(passed / wrong.length).toBeLessThan(0.5);
  }, 300_000);
});
