import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { EvalService, type EvalOutcome, type EvalServiceDeps } from './eval-service.ts';
import { armName, type EvalItem, type EvalSpec, itemDigest } from './eval-spec.ts';
import { findRun } from './eval-store.ts';

const database = sharedTestDatabase();
const asked = { messages: [{ role: 'user', content: 'what?' }], expected: { exact: 'yes' } };
const item: EvalItem = { ...asked, id: 'i1', digest: itemDigest(asked), answeredBy: 'gold' };
const spec: EvalSpec = { job: 'reply', candidates: ['gold', 'a'], maxNanos: 1_000n, samples: 1, seed: 1, maxTokens: 9 };

interface World {
  readonly told: EvalOutcome[];
  readonly under: (string | undefined)[];
  readonly prompts: (string | undefined)[];
  run(change?: Partial<EvalSpec>): Promise<void>;
}

function openWorld(change: Partial<EvalServiceDeps> = {}): World {
  const told: EvalOutcome[] = [];
  const under: (string | undefined)[] = [];
  const prompts: (string | undefined)[] = [];
  let made = 0;
  let atMs = 0;
  const deps: EvalServiceDeps = {
    clock: { nowMs: () => ++atMs, monotonicMs: () => atMs },
    logger: silentLogger,
    workerId: 'one',
    graderCaller: { post: () => Promise.reject(new Error('none')) },
    database,
    newId: (prefix) => `${prefix}_${++made}`,
    promptOf: () => undefined,
    ask({ model }, how) {
      under.push(how.under);
      prompts.push(how.prompt?.versionId);
      const name = String(model);
      const answer = { requestId: `req_${++made}`, model: name, host: 'h', text: 'yes', calls: [], outputTokens: 1 };
      return Promise.resolve({ answer: { ...answer, totalMs: 1, costNanos: 1n }, costNanos: 1n });
    },
    ceilingNanos: () => 10n,
    tell: (outcome) => void told.push(outcome),
    ...change,
  };
  return {
    told,
    under,
    prompts,
    async run(changed = {}) {
      const service = new EvalService(deps);
      service.start();
      const run = await service.create(database(), { ...spec, ...changed }, [item]);
      if (!('id' in run)) throw run;
      await expect.poll(async () => (await findRun(database(), run.id))?.state).toBe('completed');
      await service.close();
    },
  };
}

describe('evaluations of kept requests', () => {
  it('ask under the demands of their job, and only they do', async () => {
    const world = openWorld();
    await world.run({ isLogged: true });
    await world.run();
    expect(world.under).toEqual(['reply', 'reply', undefined, undefined]);
  });

  it('ask with the prompt of the job or with another one, and the other one teaches routing nothing', async () => {
    const [own, other] = ['own', 'other'].map((name) => ({ versionId: `${name}@123456789abc`, instructions: name }));
    if (!own || !other) throw new Error('two prompts');
    const world = openWorld({ promptOf: () => own });
    await world.run({ candidates: ['a', armName('a', other)], prompts: [other] });
    expect(world.prompts.toSorted()).toEqual([other.versionId, own.versionId]);
    expect(world.told.map(({ result }) => result.candidate)).toEqual(['a']);
  });

  it('say nothing of the model whose answer is held for right, and of another one the same thing once', async () => {
    const world = openWorld();
    for (let night = 0; night < 3; night++) await world.run({ isLogged: true, night });
    expect(world.told.map(({ result }) => result.candidate)).toEqual(['a', 'a', 'a']);
    expect(new Set(world.told.map(({ result }) => result.requestId)).size).toBe(1);
  });

  it('go on from where they were when the database could not be reached for a while', async () => {
    let isLost = true;
    let atMs = 0;
    const world = openWorld({
      // Longer than any claim lasts, once it is lost.
      clock: { nowMs: () => (atMs += isLost ? 1 : 100_000), monotonicMs: () => atMs },
      ask({ model }) {
        if (isLost) {
          isLost = false;
          return Promise.reject(new Error('timeout exceeded when trying to connect'));
        }
        const answer = { requestId: 'req_1', model: String(model), host: 'h', text: 'yes', calls: [], outputTokens: 1 };
        return Promise.resolve({ answer: { ...answer, totalMs: 1, costNanos: 1n }, costNanos: 1n });
      },
    });
    await world.run();
    expect(world.told).not.toEqual([]);
  });
});
