import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import { AnswerSchemas } from './answer-schemas.ts';

/** A wheel that turns when the test says so. */
class HandWheel implements TimerWheel {
  readonly #timers = new Map<object, { readonly delayMs: number; readonly fire: () => void }>();

  after(delayMs: number, fire: () => void): ReturnType<TimerWheel['after']> {
    const timer = { cancel: () => void this.#timers.delete(timer), restart: () => undefined };
    this.#timers.set(timer, { delayMs, fire });
    return timer;
  }

  /** Fires what was set for this delay; how many that were. */
  fire(delayMs: number): number {
    const due = [...this.#timers].filter(([, timer]) => timer.delayMs === delayMs);
    for (const [timer, { fire }] of due) {
      this.#timers.delete(timer);
      fire();
    }
    return due.length;
  }

  get size(): number {
    return this.#timers.size;
  }

  close(): void {
    this.#timers.clear();
  }
}

const anything: JsonObject = { type: 'object' };
const costly: JsonObject = { type: 'object', properties: { a: { pattern: '^(a+)+$' } } };
const costlyText = `{"a":"${'a'.repeat(60)}!"}`;
const checkLimitMs = 2_000;
const waitLimitMs = 10_000;

describe('the thread that checks answers', () => {
  let wheel: HandWheel;
  let schemas: AnswerSchemas;

  beforeEach(() => {
    wheel = new HandWheel();
    schemas = new AnswerSchemas(wheel);
  });
  afterEach(() => schemas.close());

  it('starts with the first check and answers each with its own verdict', async () => {
    const asked = ['{}', '[]', 'words'].map((text) => schemas.judge(anything, text));
    expect(await Promise.all(asked)).toMatchObject([{ kind: 'fits' }, { kind: 'unmet' }, { kind: 'unmet' }]);
    expect(wheel.size).toBe(0);
  });

  it('is replaced when it does not answer, and the schema that kept it is not tried again', async () => {
    await schemas.judge(anything, '{}');
    const kept = schemas.judge(costly, costlyText);
    const other = schemas.judge(anything, '{}');
    expect(wheel.fire(checkLimitMs)).toBe(1);
    expect(await kept).toMatchObject({ kind: 'unusable', problem: expect.stringContaining('too long') });
    expect(await other).toEqual({ kind: 'fits' });
    expect(await schemas.judge(costly, '{}')).toMatchObject({ kind: 'unusable' });
  });

  it('lets only so many wait, and only so long', async () => {
    const waiting = Array.from({ length: 64 }, () => schemas.judge(anything, '{}'));
    expect(await schemas.judge(anything, '{}')).toMatchObject({ code: 'shedding' });
    expect(wheel.fire(waitLimitMs)).toBe(64);
    expect((await Promise.all(waiting)).every((verdict) => Fault.is(verdict))).toBe(true);
  });

  it('tells those who wait when it is closed', async () => {
    const waiting = schemas.judge(anything, '{}');
    await schemas.close();
    expect(await waiting).toMatchObject({ code: 'shedding' });
    expect(wheel.size).toBe(0);
  });
});
