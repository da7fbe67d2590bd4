import { describe, expect, it } from 'vitest';
import { matchRoute } from './match-route.ts';

describe('inference routes', () => {
  it('find each dialect below its own mount and the common one', () => {
    const dialects: [string, string][] = [
      ['/v1/chat/completions', 'openai-chat'],
      ['/openai/v1/chat/completions', 'openai-chat'],
      ['/v1/responses', 'openai-responses'],
      ['/v1/messages', 'anthropic-messages'],
      ['/anthropic/v1/messages', 'anthropic-messages'],
      ['/anthropic/v1/messages/count_tokens', 'anthropic-messages'],
    ];
    for (const [path, dialect] of dialects) expect(matchRoute(path, false)).toMatchObject({ kind: 'call', dialect });
  });

  it('split Gemini paths at the last colon; raw and encoded slashes are equal', () => {
    for (const path of [
      '/v1beta/models/ollama/llama3:8b:generateContent',
      '/genai/v1beta/models/ollama%2Fllama3%3A8b:generateContent',
    ]) {
      expect(matchRoute(path, false)).toEqual({
        kind: 'call',
        dialect: 'gemini',
        hints: { operation: 'generate', stream: false, model: 'ollama/llama3:8b' },
      });
    }
    expect(matchRoute('/v1beta/models/m:streamGenerateContent', false)).toMatchObject({ hints: { stream: true } });
    expect(matchRoute('/v1beta/models/ollama/llama3:8b', false)).toEqual({
      kind: 'models',
      dialect: 'gemini',
      id: 'ollama/llama3:8b',
    });
  });

  it('answer the models list in the shape of the client', () => {
    expect(matchRoute('/v1/models', false)).toMatchObject({ kind: 'models', dialect: 'openai-chat' });
    expect(matchRoute('/v1/models', true)).toMatchObject({ kind: 'models', dialect: 'anthropic-messages' });
    expect(matchRoute('/v1beta/models', false)).toMatchObject({ kind: 'models', dialect: 'gemini' });
  });

  it('leave other paths alone, and name unknown ones below their mounts', () => {
    expect(matchRoute('/api/v1/live', false)).toBeUndefined();
    expect(matchRoute('/', false)).toBeUndefined();
    expect(matchRoute('/v1x/chat/completions', false)).toBeUndefined();
    expect(matchRoute('/v1/nothing', false)).toEqual({ kind: 'unknown', dialect: 'openai-chat' });
    expect(matchRoute('/v1beta/models/%E0%A4%A', false)).toEqual({ kind: 'unknown', dialect: 'gemini' });
  });

  it('know no other method of a Gemini model, not even one that every object has', () => {
    for (const word of ['predict', 'constructor', '__proto__', 'toString']) {
      expect(matchRoute(`/v1beta/models/m:${word}`, false)).toMatchObject({ kind: 'models', id: `m:${word}` });
    }
  });
});
