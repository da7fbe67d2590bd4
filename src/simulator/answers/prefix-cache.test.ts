import { describe, expect, it } from 'vitest';
import { createPrefixCache } from './prefix-cache.ts';
import type { Prompt, PromptTurn } from './prompt.ts';

function promptOf(turns: readonly PromptTurn[], fields: Partial<Prompt> = {}): Prompt {
  return {
    dialect: 'openai-chat',
    model: 'm',
    stream: false,
    turns,
    tools: [],
    toolChoice: { mode: 'auto' },
    schema: undefined,
    jsonMode: false,
    maxTokens: undefined,
    reasoning: false,
    cacheByMark: false,
    continuesPrefill: false,
    body: {},
    ...fields,
  };
}

const turn = (role: PromptTurn['role'], characters: number, fill = 'x'): PromptTurn => ({
  role,
  text: fill.repeat(characters),
});
const clockAt = (time: { nowMs: number }) => ({ nowMs: () => time.nowMs, monotonicMs: () => time.nowMs });

describe('the prefix cache', () => {
  it('reads back exactly the turns it has seen, per label and model', () => {
    const cache = createPrefixCache(clockAt({ nowMs: 0 }));
    const first = [turn('system', 400), turn('user', 40)];
    const second = [...first, turn('assistant', 80), turn('user', 8)];
    expect(cache.visit('a', promptOf(first))).toMatchObject({ readTokens: 0, writtenTokens: 110 });
    expect(cache.visit('a', promptOf(second))).toMatchObject({ readTokens: 110, writtenTokens: 22 });
    expect(cache.visit('b', promptOf(second)).readTokens).toBe(0);
    expect(cache.visit('a', promptOf(second, { model: 'other' })).readTokens).toBe(0);
    expect(cache.visit('a', promptOf([turn('system', 400), turn('user', 40, 'y')])).readTokens).toBe(100);
  });

  it('forgets after five minutes without use, marked entries after their hour', () => {
    const time = { nowMs: 0 };
    const cache = createPrefixCache(clockAt(time));
    const turns = [turn('user', 40)];
    const marked: PromptTurn[] = [{ role: 'user', text: 'z'.repeat(40), cacheMark: '1h' }, turn('user', 4)];
    cache.visit('a', promptOf(turns));
    expect(cache.visit('a', promptOf(marked, { cacheByMark: true }))).toEqual({
      readTokens: 0,
      writtenTokens: 10,
      ttl: '1h',
    });
    time.nowMs = 200_000;
    expect(cache.visit('a', promptOf(turns)).readTokens).toBe(10);
    time.nowMs = 600_000;
    expect(cache.visit('a', promptOf(turns)).readTokens).toBe(0);
    expect(cache.visit('a', promptOf(marked, { cacheByMark: true })).readTokens).toBe(10);
  });

  it('does nothing without marks where marks are needed', () => {
    const cache = createPrefixCache(clockAt({ nowMs: 0 }));
    const prompt = promptOf([turn('user', 40)], { cacheByMark: true });
    cache.visit('a', prompt);
    expect(cache.visit('a', prompt)).toMatchObject({ readTokens: 0, writtenTokens: 0 });
  });
});
