import { describe, expect, it } from 'vitest';
import type { Completion } from '../domain/calls/completion.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { Price } from '../domain/rating/price.ts';
import { endpointAt, type FakeCall, type HarnessOptions, runHarness, settle } from './testing/exchange-harness.ts';

const price = { picosPerUnit: { input: 1000n, output: 2000n } } as unknown as Price;
const small = endpointAt('small', { modelName: 'small', price });
const smallElsewhere = endpointAt('small-2', { modelName: 'small', price });
const large = endpointAt('large', { modelName: 'large', price });
const candidates = [small, smallElsewhere, large];
const usage = { prompt_tokens: 10, completion_tokens: 5 };

/** Looks at answers of the small model; what holds "good" passes. */
function gated(seen: string[] = [], wait: Promise<void> = Promise.resolve()): HarnessOptions['plan'] {
  const gate = async ({ blocks }: Completion): Promise<Fault | undefined> => {
    const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    seen.push(text);
    await wait;
    return text.includes('good') ? undefined : new Fault('answer_rejected');
  };
  return { gateOf: ({ modelName }) => (modelName === 'small' ? gate : undefined) };
}

const streamed = (call: FakeCall | undefined, text: string): void => {
  call?.stream().text(text.slice(0, 3)).text(text.slice(3)).finish(usage).data('data: [DONE]\n\n').end();
};
const whole = (call: FakeCall | undefined, content: string): void => {
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
  call?.json({ id: 'c1', object: 'chat.completion', model: 'm', choices, usage });
};

describe.each([
  ['a stream', true, streamed],
  ['a whole answer', false, whole],
] as const)('%s that is looked at first', (_, stream, answer) => {
  it('is delivered when it passes', async () => {
    const seen: string[] = [];
    const { calls, sink, result, attempts } = runHarness({ candidates, stream, plan: gated(seen) });
    await settle();
    answer(calls[0], 'a good answer');
    const { status, endpoint, answer: body, closing } = await result;
    expect({ status, model: endpoint?.modelName, seen }).toEqual({
      status: 'completed',
      model: 'small',
      seen: ['a good answer'],
    });
    const told = `${sink.text}${String(body?.body ?? '')}${String(closing ?? '')}`;
    expect(told).toContain(stream ? '"a g' : 'a good answer');
    expect(attempts).toHaveLength(1);
  });

  it('is never seen when it is turned down: the next model answers, and both attempts are paid for', async () => {
    const { calls, sink, result, attempts } = runHarness({ candidates, stream, plan: gated() });
    await settle();
    answer(calls[0], 'a bad answer');
    await settle();
    await settle();
    expect(sink.text).toBe('');
    // The same model elsewhere would say the same.
    expect(calls.map(({ hostId }) => hostId)).toEqual(['small', 'large']);
    answer(calls[1], 'another one');
    const { status, endpoint, costNanos, attempts: count, answer: body } = await result;
    expect({ status, model: endpoint?.modelName, count }).toEqual({ status: 'completed', model: 'large', count: 2 });
    expect(`${sink.text}${String(body?.body ?? '')}`).not.toContain('bad');
    expect(attempts.map(({ fault, costNanos: nanos }) => [fault, nanos])).toEqual([
      ['answer_rejected', '20'],
      [undefined, '20'],
    ]);
    expect(costNanos).toBe(40n);
  });

  it('that is turned down where nobody else can answer ends in that fault', async () => {
    const { calls, result, attempts } = runHarness({ candidates: [small], stream, plan: gated() });
    await settle();
    answer(calls[0], 'a bad answer');
    expect(await result).toMatchObject({ status: 'failed', fault: { code: 'answer_rejected' }, inBand: false });
    expect(attempts[0]?.costNanos).toBe('20');
  });
});

describe('a stream that is looked at first', () => {
  it('says nothing before its verdict, and then all at once', async () => {
    let pass = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const { calls, sink, result } = runHarness({ candidates, plan: gated([], wait) });
    await settle();
    streamed(calls[0], 'a good answer');
    await settle();
    expect(sink.text).toBe('');
    pass();
    expect(await result).toMatchObject({ status: 'completed' });
    expect(sink.text).toContain('"a g');
    expect(sink.text).toContain('ood answer');
  });

  it('is given up when its client leaves while the verdict is awaited', async () => {
    const { calls, sink, result } = runHarness({ candidates, plan: gated([], new Promise(() => undefined)) });
    await settle();
    streamed(calls[0], 'a good answer');
    await settle();
    sink.leave();
    expect(await result).toMatchObject({ status: 'aborted' });
    expect(calls).toHaveLength(1);
  });

  it('ends well when its host never closes after the finish reason', async () => {
    const { calls, sink, result, time } = runHarness({ candidates, plan: gated() });
    await settle();
    calls[0]?.stream().text('good').finish(usage);
    await settle();
    time.advance(10_000);
    expect(await result).toMatchObject({ status: 'completed' });
    expect(sink.text).toContain('good');
  });

  it('that falls silent in the middle is cut, and the next model answers', async () => {
    const { calls, sink, result, time } = runHarness({ candidates, plan: gated() });
    await settle();
    calls[0]?.stream().text('goo');
    time.advance(10_001);
    await settle();
    streamed(calls.at(-1), 'a good answer');
    expect(await result).toMatchObject({ status: 'completed' });
    expect(sink.text).not.toContain('"goo"');
  });
});
