import { beforeEach, describe, expect, it } from 'vitest';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { type ControlHarness, createControlHarness } from './testing/control-harness.ts';

const database = sharedTestDatabase();
let control: ControlHarness;

beforeEach(() => {
  control = createControlHarness(database());
});

async function create(body: object) {
  const answer = await control.call('POST', '/rollouts', { body: { job: 'reply', ...body } });
  return { status: answer.status, text: answer.text, ...answer.body } as Record<string, unknown>;
}

describe('a rollout over the control API', () => {
  it('begins with the usual rules: copies first, then 5, 25 and 100 percent, against the first other model', async () => {
    const made = await create({ candidate: 'large', minPairs: 0 });
    expect(made).toMatchObject({ status: 201, kind: 'model', incumbent: 'small', stage: 'shadow', share: 0 });
    expect(made['evidence']).toMatchObject({
      plan: { shadow: { minPairs: 20, isGraded: false, maxNanos: '1000000000' }, canary: { shares: [0.05, 0.25, 1] } },
      shadow: { copies: 0, missing: 0, skipped: 0, spentNanos: '0' },
      alarms: [],
    });
    expect(await create({ candidate: 'large' })).toMatchObject({ status: 409 });
  });

  it('brings settings in as a policy, without items and copies', async () => {
    const settings = { models: ['small', 'large'], costWeight: 3 };
    const made = await create({ kind: 'policy', candidate: 'thrifty', settings });
    expect(made).toMatchObject({ status: 201, kind: 'policy', candidate: 'thrifty', stage: 'canary', share: 0.05 });
    expect(made['text']).toMatch(/^policy thrifty for job reply, in place of reply/);
  });

  it.each<[object, string]>([
    [{ candidate: 'nothing' }, 'candidate'],
    [{ candidate: 'small', incumbent: 'small' }, 'candidate'],
    [{ candidate: 'large', incumbent: 'other' }, 'incumbent'],
    [{ kind: 'policy', candidate: 'thrifty' }, 'settings'],
    [{ kind: 'policy', candidate: 'thrifty', settings: { models: ['nothing'] } }, 'settings.models'],
    [{ kind: 'host', candidate: 'sim' }, 'model'],
    [{ kind: 'host', candidate: 'elsewhere', model: 'small' }, 'candidate'],
    [{ kind: 'host', candidate: 'sim', model: 'small' }, 'only host'],
    [{ candidate: 'large', shadow: { graderUrl: 'file:///etc/passwd' } }, 'graderUrl'],
    [{ candidate: 'large', shadow: { maxNanos: -1 } }, 'maxNanos'],
    [{ job: 'nothing', candidate: 'large' }, 'job'],
  ])('that cannot be is refused by name: %j', async (body, named) => {
    expect(await create(body)).toMatchObject({ status: 400, text: expect.stringContaining(named) });
  });
});
