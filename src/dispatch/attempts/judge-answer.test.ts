import { describe, expect, it } from 'vitest';
import { judgeAnswer } from './judge-answer.ts';

const strict = { empty: false, refusal: false };
const lenient = { empty: true, refusal: true };

describe('judging an answer', () => {
  it('[scenario 17] calls an answer empty only when nothing explains why it holds nothing', () => {
    expect(judgeAnswer({ reason: 'stop', hasContent: false }, strict)?.code).toBe('empty_completion');
    expect(judgeAnswer({ reason: undefined, hasContent: false }, strict)?.code).toBe('empty_completion');
    for (const reason of ['length', 'pause'] as const) {
      expect(judgeAnswer({ reason, hasContent: false }, strict)).toBeUndefined();
    }
    expect(judgeAnswer({ reason: 'stop', hasContent: false }, { ...strict, empty: true })).toBeUndefined();
  });

  it('asks elsewhere after a refusal only where the policy wants it', () => {
    for (const reason of ['refusal', 'content-filter'] as const) {
      expect(judgeAnswer({ reason, hasContent: true }, strict)?.code).toBe('refused');
      expect(judgeAnswer({ reason, hasContent: false }, lenient)).toBeUndefined();
    }
  });
});
