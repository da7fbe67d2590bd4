import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abortLagMs } from './support/abort-lag.ts';
import { clientDialects, requestOf } from './support/client-dialects.ts';
import { openAnswer } from './support/open-client.ts';
import { modelOn, raiseStage, type Stage } from './support/stage.ts';
import { waitUntil } from './support/wait-until.ts';

/** Where an answer is when its client leaves. */
const moments = [
  { name: 'before the headers', script: 'headersDelay=60000', stream: true },
  { name: 'while the stream is held', script: 'stall=0', stream: true },
  { name: 'in the middle of the stream', script: 'chunks=3;stall=2', stream: true },
  { name: 'of a whole answer', script: 'headersDelay=60000', stream: false },
] as const;
const limitMs = 50;
/** Another program on the machine may hold us up once, but not so often in a row. */
const rounds = 6;

const cases = clientDialects.flatMap((dialect) =>
  moments.map((moment, at) => ({ ...moment, dialect, model: `leave-${dialect}-${at}` })),
);
const prices = { input: '1', output: '2' };

function priced(host: string, model: string): object {
  return { endpoints: [{ host, model, price: prices }] };
}

describe('a client that leaves', () => {
  let stage: Stage;
  beforeAll(async () => {
    const models: Record<string, object> = {
      patient: {
        ...modelOn(['a-openai-chat', 'patient;fail=429;retry=ms:20000']),
        policy: { maxWaitMs: 60_000 },
      },
      steady: priced('a-openai-chat', 'steady;chunks=3;stall=2;first=12'),
      drained: priced('a-openai-chat', 'drained;chunks=20;gap=20'),
      endless: priced('a-openai-chat', 'endless;chunks=3;stall=2'),
      whole: priced('a-anthropic-messages', 'whole;delay=300'),
    };
    for (const { dialect, model, script } of cases) {
      for (let round = 0; round < rounds; round++) {
        models[`${model}-${round}`] = modelOn([`a-${dialect}`, `${model}-${round};${script}`]);
      }
    }
    const keys = [
      { name: 'usual', secret: 'env:USUAL' },
      { name: 'draining', secret: 'env:DRAINING', onClientGone: 'drain' },
    ];
    stage = await raiseStage({ models, keys, environment: { USUAL: 'usual-secret-1', DRAINING: 'draining-secret-1' } });
  });
  afterAll(() => stage.close());

  const usual = { authorization: 'Bearer usual-secret-1' };
  const draining = { authorization: 'Bearer draining-secret-1' };

  async function leave(one: (typeof cases)[number], model: string): Promise<number> {
    const { path, body } = requestOf(one.dialect, { model, stream: one.stream });
    const answer = openAnswer(`${stage.url}${path}`, body, usual);
    await waitUntil(() => stage.calls(model) === 1, 'the call at the upstream');
    if (one.script.includes('chunks')) await answer.until(({ sizeBytes }) => sizeBytes > 0);
    const leftAtMs = answer.abort();
    const aborted = (): { seenAtMs: number } | undefined =>
      stage.fake.stats().recentAborts.find((abort) => abort.model === model);
    await waitUntil(() => aborted() !== undefined, 'the abort at the upstream');
    const tookMs = (aborted()?.seenAtMs ?? Number.NaN) - leftAtMs;
    return tookMs <= limitMs ? tookMs : tookMs - (await abortLagMs(stage.fake));
  }

  it.each(cases.map((one) => [`${one.name}, ${one.dialect}`, one] as const))(
    '[scenario 25] %s: the upstream sees it within 50 ms',
    async (_title, one) => {
      const tookMs: number[] = [];
      for (let round = 0; round < rounds && !tookMs.some((ms) => ms <= limitMs); round++) {
        const model = `${one.model}-${round}`;
        tookMs.push(await leave(one, model));
        const { status, final, attempts } = await stage.recordOf(model);
        expect(status).toBe('aborted');
        expect(final).toMatchObject({ httpStatus: 499, fault: 'client_gone', attempts: 1 });
        expect(attempts).toHaveLength(1);
        expect(attempts[0]?.flags).toContain('cancelled');
      }
      expect(Math.min(...tookMs)).toBeLessThanOrEqual(limitMs);
    },
  );

  it('[scenario 26] during the wait before a retry: nothing more is sent', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'patient', stream: true });
    const answer = openAnswer(`${stage.url}${path}`, body, usual);
    await stage.fake.until((stats) => stats.requestsByModel['patient'] === 1 && stats.completed > 0);
    answer.abort();
    const { status, attempts } = await stage.recordOf('patient');
    expect(status).toBe('aborted');
    expect(attempts.map(({ fault }) => fault)).toEqual(['upstream_rate_limited']);
    expect(stage.calls('patient')).toBe(1);
  });

  it('[scenario 27] [scenario 42] pays for what it got, by estimate, and the endpoint stays in good standing', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'steady', stream: true });
    for (let round = 0; round < 12; round++) {
      const answer = openAnswer(`${stage.url}${path}`, body, usual);
      await answer.until(({ text }) => text.includes('"content"'));
      answer.abort();
      await stage.fake.until(
        (stats) => stats.recentAborts.filter(({ model }) => model === 'steady').length === round + 1,
      );
    }
    const { final, attempts } = await stage.recordOf('steady');
    const [attempt] = attempts;
    expect(attempt).toMatchObject({ usageSource: 'estimated' });
    expect(attempt?.usage?.input).toBeGreaterThan(0);
    expect(attempt?.usage?.output).toBeGreaterThan(0);
    expect(BigInt(final?.costNanos ?? 0)).toBeGreaterThan(0n);
    const answer = openAnswer(`${stage.url}${path}`, body, usual);
    await answer.until(({ isOver }) => isOver);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('[DONE]');
  });

  it('[scenario 27] with a key that drains: the answer is read to its end and the true usage recorded', async () => {
    const { path, body } = requestOf('openai-chat', { model: 'drained', stream: true });
    const answer = openAnswer(`${stage.url}${path}`, body, draining);
    await answer.until(({ text }) => text.includes('"content"'));
    answer.abort();
    const { status, attempts } = await stage.recordOf('drained');
    expect(status).toBe('aborted');
    expect(attempts[0]).toMatchObject({ usageSource: 'provider', finishReason: 'stop' });
    expect(attempts[0]?.flags).toContain('drained');
    expect(attempts[0]?.usage?.output).toBeGreaterThanOrEqual(20);
    expect(stage.fake.stats().recentAborts.filter(({ model }) => model === 'drained')).toEqual([]);
  });

  it('[scenario 27] with a key that drains, before a whole answer: the same', async () => {
    const { path, body } = requestOf('anthropic-messages', { model: 'whole', stream: false });
    const answer = openAnswer(`${stage.url}${path}`, body, draining);
    await waitUntil(() => stage.calls('whole') === 1, 'the call at the upstream');
    answer.abort();
    const { status, attempts } = await stage.recordOf('whole');
    expect(status).toBe('aborted');
    expect(attempts[0]).toMatchObject({ usageSource: 'provider', finishReason: 'stop' });
    expect(attempts[0]?.flags).toContain('drained');
  });
});
