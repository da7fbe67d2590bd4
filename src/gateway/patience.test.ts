import { describe, expect, it } from 'vitest';
import { FakeSink, FakeTime } from '../dispatch/testing/exchange-harness.ts';
import { patienceUntil } from './patience.ts';

const never = new Promise<string>(() => undefined);

describe('patience', () => {
  it('gives what was waited for and leaves no timer', async () => {
    const time = new FakeTime();
    const patience = patienceUntil(time.monotonicMs() + 100, new FakeSink(), { wheel: time, clock: time });
    expect(await patience(Promise.resolve('answer'))).toBe('answer');
    expect(time.size).toBe(0);
  });

  it('ends at the deadline', async () => {
    const time = new FakeTime();
    const waiting = patienceUntil(time.monotonicMs() + 100, new FakeSink(), { wheel: time, clock: time })(never);
    time.advance(100);
    expect(await waiting).toBe('late');
  });

  it('ends when the client leaves', async () => {
    const time = new FakeTime();
    const sink = new FakeSink();
    const waiting = patienceUntil(time.monotonicMs() + 100, sink, { wheel: time, clock: time })(never);
    sink.leave();
    expect(await waiting).toBe('late');
    expect(time.size).toBe(0);
  });
});
