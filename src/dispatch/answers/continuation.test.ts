import { describe, expect, it } from 'vitest';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { Continuation } from './continuation.ts';

const call: ModelCall = {
  dialect: 'openai-chat',
  model: 'm',
  stream: true,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Tell a story' }] }],
  tools: [],
  sampling: {},
  maxOutputTokens: 100,
  pointers: {},
  rest: {},
};

function sendText(continuation: Continuation, text: string): void {
  const parts: StreamPart[] = [
    { type: 'start', id: 'first' },
    { type: 'text-start', index: 0 },
    { type: 'text-delta', index: 0, text },
  ];
  for (const part of parts) expect(continuation.adapt(part)).toEqual([part]);
}

describe('continuation of a cut stream', () => {
  it('[scenario 30] keeps one id and one block, repeats no text and sums the usage', () => {
    const continuation = new Continuation();
    sendText(continuation, 'Once upon a time there was a ');
    expect(continuation.isPossible).toBe(true);
    const next = continuation.continue(call, { buckets: { input: 5, output: 7 }, source: 'estimated' });
    expect(next.messages.at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'Once upon a time there was a' }],
    });
    expect(next.maxOutputTokens).toBeLessThan(100);
    const received: StreamPart[] = [
      { type: 'start', id: 'second' },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: ' time there was a fox' },
      { type: 'text-delta', index: 0, text: ' and it ran.' },
      { type: 'text-end', index: 0 },
      { type: 'usage', usage: { buckets: { input: 12, output: 6 }, source: 'provider' } },
      { type: 'finish', reason: 'stop' },
    ];
    expect(received.flatMap((part) => continuation.adapt(part))).toEqual([
      { type: 'text-delta', index: 0, text: 'fox' },
      { type: 'text-delta', index: 0, text: ' and it ran.' },
      { type: 'text-end', index: 0 },
      { type: 'usage', usage: { buckets: { input: 17, output: 13 }, source: 'estimated' } },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('drops a repeated tail, and white space that the client already has', () => {
    const repeated = new Continuation();
    sendText(repeated, 'The quick brown fox jumps');
    repeated.continue(call, undefined);
    const [part] = repeated.adapt({ type: 'text-delta', index: 0, text: 'brown fox jumps over' });
    expect(part).toEqual({ type: 'text-delta', index: 0, text: ' over' });

    const spaced = new Continuation();
    sendText(spaced, 'Hello ');
    spaced.continue(call, undefined);
    expect(spaced.adapt({ type: 'text-delta', index: 0, text: ' world' })).toEqual([
      { type: 'text-delta', index: 0, text: 'world' },
    ]);
  });

  it('[scenario 30] drops a repetition that comes in small pieces, and nothing that only looked like one', () => {
    const textAfter = (...pieces: readonly string[]): string => {
      const continuation = new Continuation();
      sendText(continuation, 'The quick brown fox jumps');
      continuation.continue(call, undefined);
      const received = [
        ...pieces.map((text): StreamPart => ({ type: 'text-delta', index: 0, text })),
        { type: 'finish', reason: 'stop' } as const,
      ];
      const parts = received.flatMap((part) => continuation.adapt(part));
      expect(parts.at(-1)?.type).toBe('finish');
      return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
    };
    expect(textAfter('bro', 'wn ', 'fox ju', 'mps', ' ov', 'er')).toBe(' over');
    expect(textAfter('bro', 'wn ', 'fo', 'od')).toBe('brown food');
    expect(textAfter(' qu')).toBe(' qu');
  });

  it('is not possible for a text that is too long to be kept', () => {
    const continuation = new Continuation();
    sendText(continuation, 'x'.repeat(1024 * 1024));
    expect(continuation.isPossible).toBe(true);
    continuation.adapt({ type: 'text-delta', index: 0, text: 'y' });
    expect(continuation.isPossible).toBe(false);
  });

  it('[scenario 31] is not possible once a tool call, thinking or nothing but white space was sent', () => {
    const blocking: StreamPart[] = [
      { type: 'tool-call-start', index: 1, id: 'c', name: 'f' },
      { type: 'reasoning-delta', index: 1, text: 'hm' },
      { type: 'media', index: 1, mediaType: 'image/png', base64: '' },
    ];
    for (const part of blocking) {
      const continuation = new Continuation();
      sendText(continuation, 'Some text');
      continuation.adapt(part);
      expect(continuation.isPossible).toBe(false);
    }
    const blank = new Continuation();
    sendText(blank, '  \n');
    expect(blank.isPossible).toBe(false);
  });
});
