import { describe, expect, it } from 'vitest';
import { FakeSink, FakeTime } from '../../dispatch/testing/exchange-harness.ts';
import { audibly, type Heartbeat } from './audibly.ts';

function heartbeat(sink: FakeSink, time: FakeTime, changes: Partial<Heartbeat> = {}): Heartbeat {
  const plain = {
    keepaliveMs: 1000,
    dialect: 'openai-chat',
    framing: 'sse',
    earlyHeaders: () => ({ id: 'r' }),
  } as const;
  return { sink, wheel: time, ...plain, ...changes };
}

describe('a client that waits for what writes nothing', () => {
  it('hears from us, with headers before the first beat, and no more once the work is done', async () => {
    const time = new FakeTime();
    const sink = new FakeSink();
    let finish: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => (finish = resolve));
    const waiting = audibly(work, heartbeat(sink, time));
    expect(sink.started).toBe(false);
    time.advance(2500);
    expect(sink.headers).toMatchObject({ id: 'r' });
    expect(sink.text).toBe(': ping\n\n: ping\n\n');
    finish('answer');
    expect(await waiting).toBe('answer');
    expect(time.size).toBe(0);
  });

  it('hears nothing where the framing has no words for it, or once it has left', async () => {
    const time = new FakeTime();
    const never = new Promise<string>(() => undefined);
    const array = new FakeSink();
    void audibly(never, heartbeat(array, time, { framing: 'json-array' }));
    const gone = new FakeSink();
    void audibly(never, heartbeat(gone, time));
    gone.leave();
    time.advance(5000);
    expect(array.text + gone.text).toBe('');
    expect(time.size).toBe(0);
  });
});
