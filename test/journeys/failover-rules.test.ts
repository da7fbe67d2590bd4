import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postRaw } from '../fake-upstream/index.ts';
import { clientDialects, type ClientView, requestOf, viewAnswer } from './support/client-dialects.ts';
import { sendStream, startRawUpstream } from './support/raw-upstream.ts';
import { modelOn, raiseStage, type Stage } from './support/stage.ts';

const upstreamKey = 'sk-upstream-fedcba9876543210';

function withPolicy(model: object, policy: object): object {
  return { ...model, policy };
}

describe('failover', () => {
  let stage: Stage;
  let conversations = 0;
  beforeAll(async () => {
    const limited = (name: string, seconds: number): readonly [string, string] => [
      'a-openai-chat',
      `${name};fail=429;retry=seconds:${seconds}`,
    ];
    const small = { host: 'a-openai-chat', model: 'small-window;fail=context', contextTokens: 8000, weight: 1_000_000 };
    const large = { host: 'b-openai-chat', model: 'large-window', contextTokens: 200_000, weight: 0.000_001 };
    const models: Record<string, object> = {
      cooled: modelOn(limited('cooled', 60), ['b-openai-chat', 'cooled-spare']),
      'all-cooling': modelOn(limited('all-a', 40), ['b-openai-chat', 'all-b;fail=429;retry=seconds:20']),
      'one-word': modelOn(
        ['a-openai-chat', 'one-word;fail=429;retry=seconds:9'],
        ['b-openai-chat', 'one-word-b;fail=429'],
      ),
      patient: modelOn(limited('patient', 30)),
      quota: modelOn(['a-openai-chat', 'quota;fail=quota'], ['b-openai-chat', 'quota-spare']),
      rejected: modelOn(['a-openai-chat', 'rejected;fail=400'], ['b-openai-chat', 'rejected-spare']),
      window: { endpoints: [small, large] },
      'window-off': withPolicy(
        { endpoints: [{ ...small, model: 'small-off;fail=context' }, large] },
        { contextFallback: false },
      ),
      'refused-before': withPolicy(
        modelOn(['a-openai-chat', 'refused-before;fail=500'], ['b-openai-chat', 'unused-1']),
        { fallback: false, maxWaitMs: 0 },
      ),
      'refused-held': withPolicy(modelOn(['a-openai-chat', 'refused-held;cut=0'], ['b-openai-chat', 'unused-2']), {
        fallback: false,
      }),
      broken: modelOn(['a-openai-chat', 'broken;fail=500'], ['b-openai-chat', 'broken-spare']),
      'both-broken': withPolicy(modelOn(['a-openai-chat', 'both-a;fail=401'], ['b-openai-chat', 'both-b;fail=401']), {
        maxAttempts: 4,
      }),
      'client-error': modelOn(['a-openai-chat', 'client-error;fail=400']),
      outage: modelOn(['a-openai-chat', 'outage;fail=503']),
    };
    stage = await raiseStage({ models });
  });
  afterAll(() => stage.close());

  async function ask(model: string, stream = true, headers: Record<string, string> = {}): Promise<ClientView> {
    const { path, body } = requestOf('openai-chat', { model, stream });
    // Conversations of their own: a failover moves one for good, which is not what is asked here.
    conversations += 1;
    const session = { 'x-switchyard-session': `conversation ${conversations}` };
    return viewAnswer('openai-chat', stream, await postRaw(`${stage.url}${path}`, body, { ...session, ...headers }));
  }

  it('[scenario 33] an endpoint cools as long as its host asks, and is not asked meanwhile', async () => {
    expect(await ask('cooled')).toMatchObject({ kind: 'answer', attempts: 2 });
    for (let round = 0; round < 5; round++) expect(await ask('cooled')).toMatchObject({ kind: 'answer', attempts: 1 });
    expect(stage.calls('cooled')).toBe(1);
  });

  it('[scenario 34] when all cool, the client is told the smallest wait', async () => {
    const first = await ask('all-cooling');
    expect(first).toMatchObject({ kind: 'error', status: 429, retryAfterS: 20 });
    const second = await ask('all-cooling');
    expect(second).toMatchObject({ kind: 'error', status: 429 });
    expect(second.retryAfterS).toBeGreaterThan(17);
    expect(second.retryAfterS).toBeLessThanOrEqual(20);
    expect([stage.calls('all-a'), stage.calls('all-b')]).toEqual([1, 1]);
  });

  it('[scenario 34] where no host says how long, the client is told all the same', async () => {
    const { kind, retryAfterS = 0 } = await ask('one-word');
    expect(kind).toBe('error');
    expect(retryAfterS).toBeGreaterThanOrEqual(1);
    expect(retryAfterS).toBeLessThanOrEqual(9);
  });

  it('[scenario 35] a wait beyond the deadline is not slept through', async () => {
    const startedMs = performance.now();
    const view = await ask('patient', false, { 'x-switchyard-deadline-ms': '10000' });
    expect(view).toMatchObject({ kind: 'error', status: 429, retryAfterS: 30 });
    expect(performance.now() - startedMs).toBeLessThan(9_000);
  });

  it('[scenario 36] credentials without quota are not used again', async () => {
    for (let round = 0; round < 3; round++) expect(await ask('quota')).toMatchObject({ kind: 'answer' });
    expect(stage.calls('quota')).toBe(1);
  });

  it('[scenario 38] a refusal of the request is final and told in the words of the upstream', async () => {
    const view = await ask('rejected', false);
    expect(view).toMatchObject({ kind: 'error', status: 400, errorMessage: 'The request is invalid.' });
    expect([stage.calls('rejected'), stage.calls('rejected-spare')]).toEqual([1, 0]);
  });

  it('[scenario 38] a prompt that is too long goes to a larger window, if the policy allows', async () => {
    expect(await ask('window')).toMatchObject({ kind: 'answer', attempts: 2 });
    expect(await ask('window-off')).toMatchObject({ kind: 'error', status: 400 });
    expect(stage.calls('large-window')).toBe(1);
  });

  it('[scenario 39] a policy without fallback has none, before the headers and after them', async () => {
    expect(await ask('refused-before')).toMatchObject({ kind: 'error', status: 502 });
    expect(await ask('refused-held')).toMatchObject({ kind: 'error', status: 502, errorCode: 'truncated' });
    expect([stage.calls('unused-1'), stage.calls('unused-2')]).toEqual([0, 0]);
  });

  it('[scenario 40] five faults open the breaker of an endpoint', async () => {
    for (let round = 0; round < 9; round++) expect(await ask('broken', false)).toMatchObject({ kind: 'answer' });
    expect(stage.calls('broken')).toBe(5);
  });

  it('[scenario 41] when every breaker is open, the least bad is tried once', async () => {
    expect(await ask('both-broken')).toMatchObject({ kind: 'error', status: 502 });
    expect([stage.calls('both-a'), stage.calls('both-b')]).toEqual([1, 1]);
    expect(await ask('both-broken')).toMatchObject({ kind: 'error', status: 502 });
    expect(stage.calls('both-a') + stage.calls('both-b')).toBe(3);
  });

  it('[scenario 42] errors of clients never open a breaker', async () => {
    for (let round = 0; round < 12; round++) expect(await ask('client-error', false)).toMatchObject({ status: 400 });
    expect(stage.calls('client-error')).toBe(12);
  });

  it('[scenario 43] an outage is not multiplied', async () => {
    const callers = 100;
    const views = await Promise.all(Array.from({ length: callers }, () => ask('outage', false)));
    expect(views.filter(({ kind }) => kind !== 'error')).toEqual([]);
    expect(stage.calls('outage')).toBeLessThanOrEqual(callers * 1.1);
  });
});

describe('secrets', () => {
  it('[scenario 37] [scenario 74] refused credentials are the operator’s affair and are never quoted', async () => {
    /** An upstream that repeats our credentials in whatever it says. */
    const raw = await startRawUpstream(({ headers, response }, model) => {
      const message = `You sent ${[headers.authorization, headers['x-api-key'], headers['x-goog-api-key']].join(' ')}`;
      const error = JSON.stringify({ error: { message, type: 'server_error', code: message, status: 'INTERNAL' } });
      if (model.endsWith('event')) return sendStream(response, `data: ${error}\n\n`);
      response.writeHead(Number(model.slice(-3)), { 'content-type': 'application/json' }).end(error);
    });
    const kinds = ['401', '403', '400', '500', 'event'] as const;
    const hosts: Record<string, object> = {};
    const models: Record<string, object> = {};
    for (const dialect of clientDialects) {
      hosts[`raw-${dialect}`] = { protocol: dialect, baseUrl: raw.baseUrl, apiKey: 'env:UPSTREAM_KEY' };
      for (const kind of kinds) models[`${dialect}-${kind}`] = modelOn([`raw-${dialect}`, `${dialect}-${kind}`]);
    }
    const stage = await raiseStage({ models, hosts, environment: { UPSTREAM_KEY: upstreamKey } });
    try {
      for (const dialect of clientDialects) {
        for (const kind of kinds) {
          const isStream = kind === 'event';
          const { path, body } = requestOf(dialect, { model: `${dialect}-${kind}`, stream: isStream });
          const view = viewAnswer(dialect, isStream, await postRaw(`${stage.url}${path}`, body));
          expect(view).toMatchObject({ kind: 'error', status: kind === '400' ? 400 : 502 });
          expect(view.raw).not.toContain(upstreamKey);
          expect(JSON.stringify(await stage.record(view.requestId))).not.toContain(upstreamKey);
        }
      }
      expect(raw.calls.length).toBeGreaterThan(0);
      expect(raw.calls.every(({ headers }) => JSON.stringify(headers).includes(upstreamKey))).toBe(true);
    } finally {
      await raw.close();
      await stage.close();
    }
  });
});
