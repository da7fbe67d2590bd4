import { describe, expect, it } from 'vitest';
import { type AnswerEncoder, type InboundProtocol, openAIChatInbound } from '../protocols/index.ts';
import { createProviderRegistry } from '../providers/index.ts';
import type { Provider } from '../providers/contract.ts';
import type { Signals } from '../signals/index.ts';
import { DrainRoom } from './network/drain-room.ts';
import { Hedging } from './failover/hedge.ts';
import { endpointAt, FakeTime, type Harness, runHarness, settle } from './testing/exchange-harness.ts';

const chat = createProviderRegistry({ clock: new FakeTime() }).getProvider('generic-openai-chat') as Provider;
const candidates = [endpointAt('a'), endpointAt('b')];
const usage = { prompt_tokens: 1, completion_tokens: 1 };
const done = 'data: [DONE]\n\n';

/** The chat dialect with an encoder that does something else. */
function inboundWith(change: (encoder: AnswerEncoder) => Partial<AnswerEncoder>): InboundProtocol {
  return {
    ...openAIChatInbound,
    openEncoder(context) {
      const encoder = openAIChatInbound.openEncoder(context);
      const { push, end, fail } = {
        push: encoder.push.bind(encoder),
        end: encoder.end.bind(encoder),
        fail: encoder.fail.bind(encoder),
      };
      return { push, end, fail, ...change({ push, end, fail }) };
    },
  };
}

function throwDefect(): never {
  throw new TypeError('a defect');
}

/** Continuation makes every answer go through the encoder. */
const translating = { continuation: 'any' } as const;

describe('an exchange', () => {
  it('ends when the stream does and leaves no timer behind', async () => {
    const { calls, sink, result, time, attempts } = runHarness();
    await settle();
    calls[0]?.stream().text('hello').finish(usage).data(done).end();
    expect(await result).toMatchObject({ status: 'completed', usage: { buckets: { input: 1, output: 1 } } });
    expect(sink.text).toContain('hello');
    expect(attempts).toHaveLength(1);
    expect(time.size).toBe(0);
  });

  it('[scenario 27] keeps no timer for a client that leaves when all is over', async () => {
    const { calls, sink, result, time } = runHarness({ plan: { drainMs: 30_000 } });
    await settle();
    calls[0]?.stream().text('hello').finish(usage).data(done).end();
    await result;
    sink.leave();
    expect(time.size).toBe(0);
  });

  it('[scenario 27] is cancelled rather than drained when too many answers are read unheard already', async () => {
    const drains = new DrainRoom();
    while (drains.enter()) continue;
    const leaving = async (): Promise<boolean | undefined> => {
      const { calls, sink, result, time } = runHarness({ plan: { drainMs: 30_000 }, deps: () => ({ drains }) });
      await settle();
      calls[0]?.stream().text('hello');
      sink.leave();
      const isCancelled = calls[0]?.isAborted;
      time.advance(30_000);
      await result;
      return isCancelled;
    };
    expect(await leaving()).toBe(true);
    drains.leave();
    expect(await leaving()).toBe(false);
    expect(drains.enter()).toBe(true);
  });

  it('calls nobody once its deadline has passed', async () => {
    const { calls, result } = runHarness({ plan: { totalMs: 0 } });
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'deadline_exceeded' } });
    expect(calls).toHaveLength(0);
  });

  it('asks the next host when calls queue up at the first, and blames nobody', async () => {
    const { calls, result, attempts, signals } = runHarness({
      candidates,
      deps: ({ pools }) => ({
        pools: { ...pools, pool: (host, origin) => (host.id === 'a' ? undefined : pools.pool(host, origin)) },
      }),
    });
    await settle();
    expect(calls.map(({ hostId }) => hostId)).toEqual(['b']);
    calls[0]?.stream().text('hello').finish(usage).data(done).end();
    await result;
    expect(attempts.map(({ host }) => host)).toEqual(['b']);
    expect(signals.of('a/m').speed()).toMatchObject({ attempts: 0, faults: 0 });
  });

  it.each([true, false])('takes a refusal at its word although its body broke off (streamed: %s)', async (stream) => {
    const { calls, result, attempts } = runHarness({ stream });
    await settle();
    calls[0]?.head(429, { 'content-type': 'application/json', 'retry-after': '7' }).data('{"err').reset();
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'upstream_rate_limited' } });
    expect(attempts.map(({ fault }) => fault)).toEqual(['upstream_rate_limited']);
  });
});

describe('the preparation of an attempt', () => {
  /** A host whose credentials come when the test says so. */
  function slowSigner(): { provider: Provider; give(): void } {
    let give = (): void => undefined;
    const credentials = new Promise<void>((resolve) => {
      give = resolve;
    });
    const sign: Provider['sign'] = (request, endpoint) =>
      endpoint.host.id === 'a' ? credentials.then(() => request) : request;
    return { provider: { ...chat, sign }, give: () => give() };
  }

  it('is not waited for once the client has left', async () => {
    const { provider } = slowSigner();
    const { sink, result, time } = runHarness({ deps: () => ({ providerOf: () => provider }) });
    await settle();
    sink.leave();
    expect(await result).toMatchObject({ status: 'aborted', attempts: 0 });
    expect(time.size).toBe(0);
  });

  it('is not waited for beyond the deadline', async () => {
    const { provider } = slowSigner();
    const deps = (): object => ({ providerOf: () => provider });
    const { result, time } = runHarness({ deps, plan: { totalMs: 5000 } });
    await settle();
    time.advance(5000);
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'deadline_exceeded' }, attempts: 0 });
  });

  it('[scenario 40] leaves a half-open circuit to the probe that began meanwhile', async () => {
    const { provider, give } = slowSigner();
    const { calls, signals } = runHarness({
      candidates,
      prepare: (all) => all.of('a/m').end({ fault: 'upstream_auth', totalMs: 1 }),
      deps: ({ clock }) => {
        (clock as FakeTime).advance(30_000);
        return { providerOf: () => provider };
      },
    });
    await settle();
    expect(calls).toHaveLength(0);
    signals.of('a/m').begin();
    give();
    await settle();
    expect(calls.map(({ hostId }) => hostId)).toEqual(['b']);
  });
});

describe('a hedge', () => {
  it('is not sent to a host that has fallen ill since it was planned', async () => {
    const { calls, signals, time } = runHarness({
      candidates,
      plan: { hedging: new Hedging(new FakeTime()) },
      prepare: (all) => all.of('a/m').end({ totalMs: 200, firstTokenMs: 100 }),
    });
    await settle();
    signals.of('b/m').end({ fault: 'upstream_auth', totalMs: 1 });
    time.advance(1000);
    await settle();
    expect(calls.map(({ hostId }) => hostId)).toEqual(['a']);
  });
});

describe('a defect of our own', () => {
  it.each(['push', 'end'] as const)('in the %s of an encoder ends the exchange, not the process', async (method) => {
    const inbound = inboundWith(() => ({ [method]: throwDefect }));
    const { calls, result, time, attempts } = runHarness({ plan: { ...translating, inbound } });
    await settle();
    calls[0]?.stream().text('hello').finish(usage).data(done);
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'internal' } });
    expect(calls[0]?.isAborted).toBe(true);
    expect(attempts.map(({ fault }) => fault)).toEqual(['internal']);
    expect(time.size).toBe(0);
  });

  it('in a timer ends the exchange, not the process', async () => {
    const inbound = inboundWith(() => ({ end: throwDefect }));
    const { calls, result, time } = runHarness({ plan: { ...translating, inbound } });
    await settle();
    calls[0]?.stream().text('hello').finish();
    time.advance(10_000);
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'internal' } });
  });

  it('in the booking of an attempt ends the exchange', async () => {
    const { calls, result, time } = runHarness({ plan: { attempted: throwDefect } });
    await settle();
    calls[0]?.stream().text('hello').finish(usage).data(done).end();
    await expect(result).rejects.toThrow('a defect');
    expect(time.size).toBe(0);
  });

  it('in reading a whole answer is recorded and gives a circuit its probe back', async () => {
    const openCircuit = (signals: Signals): void => signals.of('a/m').end({ fault: 'upstream_auth', totalMs: 1 });
    const broken = { ...chat, encode: (...asked: Parameters<Provider['encode']>) => brokenCall(...asked) };
    const { calls, result, attempts, signals, time } = runHarness({
      stream: false,
      deps: () => ({ providerOf: () => broken }),
      prepare: openCircuit,
    });
    time.advance(300_000);
    await settle();
    calls[0]?.json({ choices: [] });
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'internal' } });
    expect(attempts.map(({ fault }) => fault)).toEqual(['internal']);
    expect(signals.of('a/m').speed().circuit).not.toBe('open');
  });

  it('in preparing a hedge ends the exchange, with the first call cancelled', async () => {
    const first = (signals: Signals): void => signals.of('a/m').end({ totalMs: 200, firstTokenMs: 100 });
    const provider = {
      ...chat,
      encode: (...asked: Parameters<Provider['encode']>) =>
        asked[1].host.id === 'b' ? throwDefect() : chat.encode(...asked),
    };
    const { calls, result, time } = runHarness({
      candidates,
      plan: { hedging: new Hedging(new FakeTime()) },
      deps: () => ({ providerOf: () => provider }),
      prepare: first,
    });
    await settle();
    time.advance(1000);
    await expect(result).rejects.toThrow('a defect');
    expect(calls.map(({ hostId, isAborted }) => [hostId, isAborted])).toEqual([['a', true]]);
    expect(time.size).toBe(0);
  });
});

describe('a client that reads slowly', () => {
  it('[scenario 23] does not cost the usage that the held upstream has yet to say', async () => {
    const { calls, sink, result, time } = runHarness();
    await settle();
    sink.isSlow = true;
    calls[0]?.stream().text('hello').finish();
    expect(calls[0]?.isPaused).toBe(true);
    time.advance(30_000);
    sink.drain();
    expect(calls[0]?.isPaused).toBe(false);
    calls[0]?.event({ id: 'c1', model: 'm', choices: [], usage }).data(done).end();
    expect(await result).toMatchObject({ status: 'completed', usage: { source: 'provider' } });
  });

  it('[scenario 23] holds an upstream that begins only then', async () => {
    const { calls, sink, time } = runHarness({ plan: { keepaliveMs: 1000 } });
    await settle();
    sink.isSlow = true;
    time.advance(1500);
    expect(sink.text).toBe(': ping\n\n');
    calls[0]?.stream().text('hello');
    expect(calls[0]?.isPaused).toBe(true);
    sink.drain();
    expect(calls[0]?.isPaused).toBe(false);
  });
});

describe('a continued stream', () => {
  /** The first upstream is cut after content, and the second asked for the rest. */
  async function cut(onFail?: () => void): Promise<Harness> {
    const inbound = inboundWith((encoder) => ({
      fail(fault) {
        onFail?.();
        return encoder.fail(fault);
      },
    }));
    const harness = runHarness({ candidates, plan: { ...translating, inbound } });
    await settle();
    harness.calls[0]?.stream().text('Once upon a time').reset();
    await settle();
    return harness;
  }

  it('[scenario 30] that is cut again is told to the client once', async () => {
    let told = 0;
    const { calls, result } = await cut(() => told++);
    calls[1]?.stream().text(' there was').reset();
    expect(await result).toMatchObject({ status: 'failed', inBand: true, continued: true });
    expect(told).toBe(1);
  });

  it('[scenario 30] has the usage of both upstreams', async () => {
    const { calls, result, attempts } = await cut();
    calls[1]?.stream().text(' there was').finish({ prompt_tokens: 20, completion_tokens: 3 }).data(done).end();
    const { usage: whole } = await result;
    const sum = (bucket: 'input' | 'output'): number =>
      attempts.reduce((total, { usage: own }) => total + (own?.[bucket] ?? 0), 0);
    expect(attempts).toHaveLength(2);
    expect(whole?.buckets).toMatchObject({ input: sum('input'), output: sum('output') });
    expect(whole?.buckets.output).toBeGreaterThan(3);
  });

  it('[scenario 26] whose client leaves is aborted, not failed', async () => {
    const { calls, sink, result } = await cut();
    calls[1]?.stream().text(' there was');
    sink.leave();
    expect(await result).toMatchObject({ status: 'aborted', fault: { code: 'client_gone' } });
    expect(calls[1]?.isAborted).toBe(true);
  });
});

function brokenCall(...asked: Parameters<Provider['encode']>): ReturnType<Provider['encode']> {
  const encoded = chat.encode(...asked);
  return 'code' in encoded ? encoded : { ...encoded, decodeCompletion: throwDefect };
}
