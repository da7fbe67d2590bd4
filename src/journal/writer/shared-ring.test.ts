import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameHeaderBytes } from '../segments/frame-codec.ts';
import { createRingMemory, openRingConsumer, openRingProducer } from './shared-ring.ts';

function openRing(sizeBytes: number) {
  const memory = createRingMemory(sizeBytes);
  const producer = openRingProducer(memory);
  const consumer = openRingConsumer(memory);
  let cursor = 0;
  let taken = 0;
  /** Takes one frame and gives its memory back. */
  const take = (): string => {
    const { start, end } = consumer.frameAt(cursor);
    const text = consumer.data.toString('utf8', start + frameHeaderBytes, end);
    cursor = end;
    taken += 1;
    consumer.publish({ frames: taken, tail: cursor, segment: 1, offset: taken });
    consumer.release(cursor);
    return text;
  };
  return { producer, consumer, take };
}

describe('shared ring', () => {
  it('hands over every frame in order, however pushes and takes interleave', () => {
    const steps = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), fc.constant(undefined)),
      {
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const { producer, take } = openRing(1024);
        const waiting: string[] = [];
        for (const text of script) {
          if (text !== undefined) {
            if (producer.push(16, text)) waiting.push(text);
          } else if (waiting.length > 0) expect(take()).toBe(waiting.shift());
        }
        for (const text of waiting) expect(take()).toBe(text);
        expect(producer.usedBytes()).toBe(0);
      }),
    );
  });

  it('refuses a frame without room instead of overwriting one that is not durable', () => {
    const { producer, take } = openRing(256);
    let pushed = 0;
    while (producer.push(16, `frame-${pushed}`)) pushed += 1;
    expect(pushed).toBeGreaterThan(3);
    expect(take()).toBe('frame-0');
    expect(take()).toBe('frame-1');
    expect(producer.push(16, 'late')).toBe(true);
    for (let index = 2; index < pushed; index += 1) expect(take()).toBe(`frame-${index}`);
    expect(take()).toBe('late');
  });

  it('does not sleep past a frame that was pushed before the sleep was visible', () => {
    const { producer, consumer } = openRing(256);
    producer.push(16, 'x');
    expect(consumer.wait(2, { bell: consumer.bell(), published: 0, timeoutMs: 10_000 })).toBe(true);
  });
});
