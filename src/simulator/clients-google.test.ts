import { GoogleGenAI } from '@google/genai';
import type { Content } from '@google/genai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../test/fake-upstream/index.ts';
import type { Simulator } from './index.ts';
import { startSimulator } from './index.ts';

let simulator: Simulator;
let client: GoogleGenAI;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: simulator.url } });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const functionDeclarations = [
  {
    name: 'weather',
    parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'number' } } },
  },
];

describe('generateContent through the Google client', () => {
  it('answers, counts and embeds', async () => {
    const answer = await client.models.generateContent({ model: 'gemini-mock', contents: 'reply:hello' });
    expect(answer.text).toBe('hello');
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 });
    expect((await client.models.countTokens({ model: 'gemini-mock', contents: 'reply:hello' })).totalTokens).toBe(3);
    const embedded = await client.models.embedContent({ model: 'embed', contents: ['a'] });
    expect(embedded.embeddings?.[0]?.values).toHaveLength(8);
  });

  it('streams with thoughts counted outside the candidates', async () => {
    const stream = await client.models.generateContentStream({
      model: 'gemini-mock;chunks=3;reasoning=2',
      contents: 'hi',
    });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe('w1 w2 w3');
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: 3, thoughtsTokenCount: 6 });
  });

  it('runs a tool loop and insists on the thought signature when strict', async () => {
    const model = 'gemini-mock;signatures=strict';
    const config = { tools: [{ functionDeclarations }] };
    const question: Content = { role: 'user', parts: [{ text: 'weather?' }] };
    const first = await client.models.generateContent({ model, contents: [question], config });
    expect(first.functionCalls?.[0]).toMatchObject({ name: 'weather', args: { city: 'simulated', days: 1 } });
    const said = first.candidates?.[0]?.content;
    if (said?.parts === undefined) throw new Error('no content');
    const result: Content = {
      role: 'user',
      parts: [{ functionResponse: { name: 'weather', response: { sky: 'blue' } } }],
    };
    const second = await client.models.generateContent({ model, contents: [question, said, result], config });
    expect(second.text).toContain('{"sky":"blue"}');
    const unsigned: Content = {
      role: 'model',
      parts: said.parts.map((part) => ({ ...part, thoughtSignature: undefined })),
    };
    const refused = client.models.generateContent({ model, contents: [question, unsigned, result], config });
    await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining('thought_signature') });
  });

  it('gives arguments path by path when told to, with or without the terminal part', async () => {
    const partsOf = async (quirk: string) => {
      const path = `/v1beta/models/gemini-mock;tools=${quirk}:streamGenerateContent?alt=sse`;
      const body = { contents: [{ role: 'user', parts: [{ text: 'x' }] }], tools: [{ functionDeclarations }] };
      const text = await (await fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) })).text();
      return [...text.matchAll(/"functionCall":(\{.*?\})(?:,"thoughtSignature|\}\])/g)].map(([, call]) => call);
    };
    const parts = await partsOf('partial-args');
    expect(parts[0]).toContain('"willContinue":true');
    expect(parts[1]).toContain('"jsonPath":"$.city"');
    expect(parts.at(-1)).toBe('{}');
    expect((await partsOf('partial-args-open')).at(-1)).toContain('numberValue');
  });

  it('produces an instance of a schema and streams a JSON array without alt=sse', async () => {
    const answer = await client.models.generateContent({
      model: 'gemini-mock',
      contents: 'hi',
      config: {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { n: { type: 'integer' } } },
      },
    });
    expect(answer.text).toBe('{"n":1}');
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'reply:a b' }] }] });
    const path = '/v1/projects/p/locations/l/publishers/google/models/gemini-mock:streamGenerateContent';
    const streamed = (await (await fetch(simulator.url + path, { method: 'POST', body })).json()) as unknown[];
    expect(streamed).toHaveLength(3);
  });

  it('gives out access tokens', async () => {
    const body = 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=x';
    const answer = await fetch(`${simulator.url}/token`, { method: 'POST', body });
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
  });
});
