import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram, findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { type CodeTask, codeTasks } from './support/code-tasks.ts';
import { type CodeAnswer, type CodeWorld, openCodeWorld } from './support/code-world.ts';
import { waitUntil } from './support/wait-until.ts';
import { answerOf, type CodingModel } from './support/coding-models.ts';

const seed = 5;
/** Nobody is the best at everything; the best on average is by far the dearest. */
const models: readonly CodingModel[] = [
  { name: 'tiny', skill: { 'code-text': 0.4, 'code-numbers': 0.4 }, inputUsd: 0.1, outputUsd: 0.4 },
  { name: 'wordsmith', skill: { 'code-text': 0.98, 'code-numbers': 0.35 }, inputUsd: 0.4, outputUsd: 1.6 },
  { name: 'reckoner', skill: { 'code-text': 0.35, 'code-numbers': 0.98 }, inputUsd: 0.5, outputUsd: 2 },
  { name: 'large', skill: { 'code-text': 0.8, 'code-numbers': 0.8 }, inputUsd: 5, outputUsd: 20 },
];
const job = (name: string, description: string): string => `  ${name}:
    description: ${description}
    models: [tiny, wordsmith, reckoner, large]
    value: { lowUsd: 0.001, midUsd: 0.003, highUsd: 0.01 }
    exploration: { maxShare: 0.05, usdPerDay: 1 }
`;
const jobs = `${job('code-text', 'Programs about text.')}${job('code-numbers', 'Programs about numbers.')}  code:
    description: Programs with tests.
    models: [tiny, wordsmith, reckoner, large]
    cascade: { models: [wordsmith, reckoner, large], verifier: tests, language: python }
`;
const hasSandbox = !('reason' in findSystemTools()) && findProgram('python3') !== undefined;

interface Measured {
  readonly passRate: number;
  readonly costNanos: number;
}

describe.skipIf(!hasSandbox)('models are chosen by what became of the code that they wrote', () => {
  let world: CodeWorld;
  /** Whether a program passes; each is tried once, however many models wrote it. */
  const verdicts = { visible: new Map<string, boolean>(), hidden: new Map<string, boolean>() };
  const alone = new Map<string, Measured>();
  let best: Measured & { readonly name: string };

  async function measure(program: string, task: CodeTask, tests: 'visible' | 'hidden'): Promise<boolean> {
    const key = `${task.name}\n${program}`;
    const known = verdicts[tests].get(key);
    if (known !== undefined) return known;
    const passed = await world.passes(program, task, { tests });
    verdicts[tests].set(key, passed);
    return passed;
  }

  /** Each answer runs against the tests that nobody saw, and the run tells its outcome of the request. */
  async function serve(
    nameOf: (task: CodeTask) => string,
    how: (task: CodeTask) => Parameters<CodeWorld['ask']>[2] = () => ({}),
  ): Promise<CodeAnswer[]> {
    const answers: CodeAnswer[] = [];
    for (const task of codeTasks) {
      const answer = await world.ask(nameOf(task), task, how(task));
      await world.passes(answer.program, task, { tests: 'hidden', requestId: answer.requestId });
      answers.push(answer);
    }
    return answers;
  }

  async function measured(answers: readonly CodeAnswer[]): Promise<Measured> {
    let passed = 0;
    for (const { program, task } of answers) if (await measure(program, task, 'hidden')) passed += 1;
    const costNanos = answers.reduce((sum, answer) => sum + answer.costNanos, 0) / answers.length;
    return { passRate: passed / answers.length, costNanos };
  }

  function tell(name: string, { passRate, costNanos }: Measured): void {
    const share = Math.round((100 * costNanos) / best.costNanos);
    process.stdout.write(
      `${name.padEnd(34)} ${(100 * passRate).toFixed(0).padStart(3)}% right at ${share}% of the cost\n`,
    );
  }

  beforeAll(async () => {
    world = await openCodeWorld(models, { jobs, seed });
    for (const { name } of models) {
      const answers = await serve(
        () => name,
        ({ job: jobName }) => ({ job: jobName }),
      );
      alone.set(name, await measured(answers));
    }
    const [name, figures] = [...alone].reduce((left, right) => (right[1].passRate > left[1].passRate ? right : left));
    best = { name, ...figures };
    for (const [one, its] of alone) tell(`${one} alone`, its);
  }, 240_000);
  afterAll(() => world?.close());

  it('routing by executed outcomes is as good as the best single model at 60% of its cost or less', async () => {
    expect(best.name).toBe('large');
    // What the runs told is taken over every few seconds.
    const told = models.length * codeTasks.length;
    const isLearned = async (): Promise<boolean> => (await world.client.routing.learning()).outcomes >= told;
    await waitUntil(isLearned, 'the outcomes of all runs are learned');
    const routed = await measured(await serve((task) => `job/${task.job}`));
    tell('routed by executed outcomes', routed);
    expect(routed.passRate).toBeGreaterThanOrEqual(best.passRate);
    expect(routed.costNanos).toBeLessThanOrEqual(0.6 * best.costNanos);
  }, 120_000);

  it('a cascade that runs the code is better than the best single model', async () => {
    const answers = await serve(
      () => 'job/code',
      () => ({ visible: true }),
    );
    const cascaded = await measured(answers);
    tell('cascade verified by execution', cascaded);
    expect(cascaded.passRate).toBeGreaterThan(best.passRate);
    expect(cascaded.costNanos).toBeLessThan(best.costNanos);

    const turnedDown = answers.find(({ attempts }) => attempts === 3);
    const record = await world.client.requests.get(turnedDown?.requestId ?? '');
    expect(record.attempts.map(({ fault }) => fault)).toEqual(['answer_rejected', 'answer_rejected', undefined]);
    expect(record.attempts.every(({ costNanos }) => Number(costNanos) > 0)).toBe(true);
    const decision = await world.client.routing.explain(turnedDown?.requestId ?? '');
    expect(decision.cascade).toMatchObject({ stages: ['wordsmith', 'reckoner', 'large'], verifier: 'tests' });
    expect(decision.summary).toMatch(/^wordsmith answers first, then reckoner, then large where the verifier/);
  }, 120_000);

  it('a streamed answer is held until it is verified', async () => {
    const [task] = codeTasks.filter((one) =>
      models.slice(1, 3).some((model) => answerOf(model, one, seed) === one.wrong),
    );
    const answer = task && (await world.ask('job/code', task, { visible: true, stream: true }));
    expect(answer?.program).not.toBe(task?.wrong);
    expect(answer?.program).not.toBe('');
  });

  it('and how often tests that are seen let wrong programs pass is measured by tests that are not', async () => {
    let [wrong, passed] = [0, 0];
    for (const task of codeTasks) {
      for (const program of new Set(models.map((model) => answerOf(model, task, seed)))) {
        if (await measure(program, task, 'hidden')) continue;
        wrong += 1;
        if (await measure(program, task, 'visible')) passed += 1;
      }
    }
    const { cascade } = await world.client.routing.explain(
      (await world.ask('job/code', codeTasks[0] as CodeTask, { visible: true })).requestId,
    );
    process.stdout.write(
      `visible tests pass ${passed} of ${wrong} wrong programs; the product measured ${cascade?.verifierError}\n`,
    );
    expect(passed).toBeGreaterThan(0);
    expect(passed / wrong).toBeLessThan(0.5);
    expect(cascade?.verifierError).toBeGreaterThan(0);
  });
});
