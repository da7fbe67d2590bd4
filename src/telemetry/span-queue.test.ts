import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Span } from './span.ts';
import { type SendResult, SpanQueue } from './span-queue.ts';

const limits = { maxQueued: 6, maxBatch: 3, delayMs: 100, maxPauseMs: 4000, closeMs: 1000 };
const accepted: SendResult = { kind: 'accepted', rejectedSpans: 0 };

const span = (name: string): Span => ({
  traceId: 't',
  spanId: name,
  parentSpanId: undefined,
  name,
  kind: 'server',
  startMs: 0,
  endMs: 1,
  attributes: {},
  error: undefined,
});
const spans = (...names: readonly string[]): Span[] => names.map(span);

/** A collector that answers as told and remembers the names it got. */
function collector(...results: SendResult[]): { queue: SpanQueue; batches: string[] } {
  const batches: string[] = [];
  const queue = new SpanQueue((batch) => {
    batches.push(batch.map(({ name }) => name).join(''));
    return Promise.resolve(results.shift() ?? accepted);
  }, limits);
  return { queue, batches };
}

describe('span queue', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits for company, but not for long', async () => {
    const { queue, batches } = collector();
    queue.push(spans('a'));
    await vi.advanceTimersByTimeAsync(99);
    queue.push(spans('b'));
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual(['ab']);
    expect(queue).toMatchObject({ exported: 2, dropped: 0, waiting: 0 });
  });

  it('sends a full batch at once, one batch at a time', async () => {
    const { queue, batches } = collector();
    queue.push(spans('a', 'b', 'c', 'd'));
    expect(batches).toEqual(['abc']);
    await vi.advanceTimersByTimeAsync(100);
    expect(batches).toEqual(['abc', 'd']);
  });

  it('drops and counts what does not fit', () => {
    const queue = new SpanQueue(() => new Promise(() => undefined), limits);
    queue.push(spans('a', 'b', 'c'));
    queue.push(spans('d', 'e', 'f', 'g', 'h'));
    queue.push(spans('i', 'j'));
    expect(queue).toMatchObject({ waiting: 6, dropped: 1 });
  });

  it('waits longer after each failure, as long as the collector asks, and loses nothing that fits', async () => {
    const later: SendResult = { kind: 'later', waitMs: undefined };
    const { queue, batches } = collector(later, later, { kind: 'later', waitMs: 3000 });
    queue.push(spans('a'));
    await vi.advanceTimersByTimeAsync(100);
    await vi.advanceTimersByTimeAsync(999);
    expect(batches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2000);
    expect(batches).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(2999);
    expect(batches).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual(['a', 'a', 'a', 'a']);
    expect(queue).toMatchObject({ exported: 1, dropped: 0 });
  });

  it('does not send again what the collector refuses', async () => {
    const { queue, batches } = collector({ kind: 'refused' }, { kind: 'accepted', rejectedSpans: 1 });
    queue.push(spans('a', 'b', 'c'));
    await vi.advanceTimersByTimeAsync(0);
    queue.push(spans('d', 'e', 'f'));
    await vi.advanceTimersByTimeAsync(0);
    expect(batches).toEqual(['abc', 'def']);
    expect(queue).toMatchObject({ exported: 2, dropped: 4 });
  });

  it('sends what is left when closed, then takes no more', async () => {
    const { queue, batches } = collector();
    queue.push(spans('a', 'b', 'c', 'd', 'e'));
    await queue.close();
    queue.push(spans('f'));
    expect(batches).toEqual(['abc', 'de']);
    expect(queue).toMatchObject({ exported: 5, dropped: 1, waiting: 0 });
  });

  it('does not wait for a dead collector when closed', async () => {
    const queue = new SpanQueue(() => new Promise(() => undefined), limits);
    queue.push(spans('a', 'b', 'c', 'd'));
    const closed = queue.close();
    await vi.advanceTimersByTimeAsync(1000);
    await closed;
    expect(queue).toMatchObject({ exported: 0, waiting: 0, dropped: 1 });
  });
});
