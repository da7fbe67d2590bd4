import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { geminiInbound } from './inbound.ts';
import { callOf, encode, headOf, parse } from './test-support.ts';

const hello: JsonObject = { role: 'user', parts: [{ text: 'hello' }] };

describe('Gemini request heads', () => {
  it('takes model and streaming from the path', () => {
    const head = geminiInbound.readHead({ contents: [hello] }, { operation: 'generate', model: 'm', stream: true });
    expect(head).toMatchObject({ model: 'm', stream: true, wantsUsage: true, operation: 'generate' });
  });

  it('needs a model and contents', () => {
    const codeOf = (body: JsonObject, model: string) => {
      const head = geminiInbound.readHead(body, { operation: 'generate', model });
      return Fault.is(head) ? head.param : 'fine';
    };
    expect([codeOf({ contents: [hello] }, ''), codeOf({}, 'm'), codeOf({ contents: [] }, 'm')]).toEqual([
      '/model',
      '/contents',
      '/contents',
    ]);
  });

  it('sees features, limits and a stable prefix in either spelling', () => {
    const camel = {
      contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }] }],
      systemInstruction: { parts: [{ text: 's' }] },
      tools: [{ googleSearch: {} }],
      generationConfig: { maxOutputTokens: 7, responseJsonSchema: {}, candidateCount: 2, thinkingConfig: {} },
    };
    const snake = {
      contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AA' } }] }],
      system_instruction: { parts: [{ text: 's' }] },
      tools: [{ google_search: {} }],
      generation_config: { max_output_tokens: 7, response_json_schema: {}, candidate_count: 2, thinking_config: {} },
    };
    for (const body of [camel, snake]) {
      const head = headOf(body);
      expect(head.maxOutputTokens).toBe(7);
      expect(head.features()).toMatchObject({
        tools: true,
        images: true,
        jsonSchema: true,
        reasoning: true,
        candidates: 2,
      });
      expect(head.estimateInputTokens()).toBeGreaterThan(0);
    }
    const longer = { ...camel, contents: [...camel.contents, { role: 'model', parts: [{ text: 'x' }] }] };
    expect(headOf(longer).prefix()).toBe(headOf(camel).prefix());
  });

  it('counts a whole generate request wrapped for countTokens', () => {
    const body = { generateContentRequest: { model: 'models/m', contents: [hello] } };
    const head = geminiInbound.readHead(body, { operation: 'count-tokens', model: 'm' });
    expect(Fault.is(head)).toBe(false);
    expect(geminiInbound.encodeTokenCount?.(31)).toEqual({ totalTokens: 31 });
  });
});

describe('parsing Gemini requests', () => {
  it('reads turns, system instruction and media', () => {
    const call = parse({
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'see' },
            { inlineData: { mimeType: 'audio/wav', data: 'AA' } },
            { fileData: { fileUri: 'https://x.example/a.pdf', mimeType: 'application/pdf' } },
          ],
        },
        {
          role: 'model',
          parts: [{ text: 'seen', thoughtSignature: 'c2ln' }, { executableCode: { language: 'PYTHON', code: '1' } }],
        },
      ],
    });
    expect(call.messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'be brief', at: '/systemInstruction/parts/0' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see', at: '/contents/0/parts/0' },
          { type: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: 'AA' }, at: '/contents/0/parts/1' },
          { type: 'document', source: { kind: 'url', url: 'https://x.example/a.pdf' }, at: '/contents/0/parts/2' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'seen', signature: 'c2ln', at: '/contents/1/parts/0' },
          {
            type: 'opaque',
            dialect: 'gemini',
            value: { executableCode: { language: 'PYTHON', code: '1' } },
            at: '/contents/1/parts/1',
          },
        ],
      },
    ]);
  });

  it('pairs answers of tools without ids by name, then by order', () => {
    const call = parse({
      contents: [
        hello,
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'a', args: { n: 1 } } },
            { functionCall: { name: 'b' } },
            { functionCall: { name: 'a', args: { n: 2 } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'b', response: { output: 'B' } } },
            { functionResponse: { name: 'a', response: { one: 1 } } },
            { functionResponse: { name: 'a', response: { error: 'no' } } },
            { text: 'go on' },
          ],
        },
      ],
    });
    const [, assistant, tool, user] = call.messages;
    const ids = assistant?.content.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []));
    expect(ids).toEqual(['call_1_0', 'call_1_1', 'call_1_2']);
    expect(tool?.role).toBe('tool');
    expect(tool?.content).toMatchObject([
      { toolCallId: 'call_1_1', content: [{ text: 'B' }] },
      { toolCallId: 'call_1_0', content: [{ text: '{"one":1}' }] },
      { toolCallId: 'call_1_2', content: [{ text: 'no' }], isError: true },
    ]);
    expect(user?.content).toMatchObject([{ type: 'text', text: 'go on' }]);
  });

  it('joins a thought kept in the pieces it was streamed in', () => {
    const call = parse({
      contents: [
        hello,
        {
          role: 'model',
          parts: [
            { text: 'a', thought: true },
            { text: 'b', thought: true },
            { text: '', thought: true, thoughtSignature: 'c2ln' },
            { text: 'answer' },
          ],
        },
      ],
    });
    expect(call.messages[1]?.content).toMatchObject([
      { type: 'reasoning', text: 'ab', signature: 'c2ln' },
      { type: 'text', text: 'answer' },
    ]);
  });

  it('reads every documented generation field in either spelling', () => {
    const config = {
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      candidateCount: 1,
      maxOutputTokens: 100,
      stopSequences: ['x'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
      responseModalities: ['TEXT'],
      thinkingConfig: { thinkingBudget: 512, includeThoughts: true },
      responseMimeType: 'application/json',
      responseSchema: {
        type: 'OBJECT',
        properties: {
          n: { type: 'INTEGER', nullable: true },
          l: { type: 'ARRAY', items: { type: 'STRING' }, maxItems: '3' },
        },
        propertyOrdering: ['n', 'l'],
      },
    };
    const snake = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value,
      ]),
    );
    const wanted = {
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        candidates: 1,
        stop: ['x'],
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        logprobs: true,
        topLogprobs: 3,
      },
      maxOutputTokens: 100,
      modalities: ['text'],
      reasoning: { enabled: true, budgetTokens: 512, summary: 'auto' },
      responseFormat: {
        type: 'json-schema',
        schema: {
          type: 'object',
          properties: {
            n: { type: ['integer', 'null'] },
            l: { type: 'array', items: { type: 'string' }, maxItems: 3 },
          },
        },
      },
    };
    const calls = [
      parse({ contents: [hello], generationConfig: config }),
      parse({ contents: [hello], generation_config: snake }),
    ];
    for (const call of calls) expect(call).toMatchObject(wanted);
    expect(calls[0]?.pointers['sampling.topK']).toBe('/generationConfig/topK');
    expect(calls[0]?.rest).toEqual({});
  });

  it('reads tools and tool choice, keeping what only Gemini knows opaque', () => {
    const call = parse({
      contents: [hello],
      tools: [
        {
          functionDeclarations: [
            { name: 'f', description: 'd', parameters: { type: 'OBJECT' } },
            { name: 'g', parametersJsonSchema: { type: 'object' }, behavior: 'BLOCKING' },
          ],
        },
        { googleSearch: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    });
    expect(call.tools).toMatchObject([
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } },
      { type: 'function', name: 'g', parameters: { type: 'object' } },
      { type: 'opaque', dialect: 'gemini', name: 'googleSearch', value: { googleSearch: {} } },
    ]);
    expect(call.toolChoice).toEqual({ type: 'tool', name: 'f' });
    expect(call.rest).toEqual({ '/tools/0/functionDeclarations/1/behavior': 'BLOCKING' });
  });

  it('[scenario 4] keeps unknown fields by pointer and never fails on them', () => {
    const call = parse({
      contents: [
        { ...hello, newField: 1 },
        { role: 'user', parts: [{ newKind: {} }, { text: 'x', other: [1] }] },
      ],
      safetySettings: [{ category: 'C' }],
      generationConfig: { speechConfig: { a: 1 } },
      newTop: { deep: true },
    });
    expect(call.rest).toEqual({
      '/contents/0/newField': 1,
      '/contents/1/parts/1/other': [1],
      '/safetySettings': [{ category: 'C' }],
      '/generationConfig/speechConfig': { a: 1 },
      '/newTop': { deep: true },
    });
    expect(call.messages[1]?.content[0]).toMatchObject({ type: 'opaque', value: { newKind: {} } });
  });

  it('names a field of the wrong type, and cached content that other hosts cannot read', () => {
    const faultOf = (more: JsonObject) => {
      const body = { contents: [hello], ...more };
      const call = geminiInbound.parseCall(body, headOf(body));
      return Fault.is(call) ? [call.code, call.param] : undefined;
    };
    expect(faultOf({ generationConfig: { topK: 'many' } })).toEqual(['invalid_request', '/generationConfig/topK']);
    expect(faultOf({ cachedContent: 'cachedContents/1' })).toEqual(['unsupported_feature', '/cachedContent']);
  });

  it('gives Gemini its own request back unchanged', () => {
    const body: JsonObject = {
      contents: [
        hello,
        {
          role: 'model',
          parts: [
            { text: 'hm', thought: true, thoughtSignature: 'dGg=' },
            { functionCall: { id: 'c1', name: 'f', args: { a: 1 } }, thoughtSignature: 'Y2FsbA==' },
          ],
        },
        { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'f', response: { ok: true } } }] },
      ],
      systemInstruction: { parts: [{ text: 's' }] },
      tools: [
        { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] },
        { codeExecution: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED', allowedFunctionNames: ['f'] } },
      generationConfig: {
        temperature: 1,
        stopSequences: ['x'],
        maxOutputTokens: 9,
        thinkingConfig: { thinkingLevel: 'low' },
        mediaResolution: 'LOW',
      },
      safetySettings: [{ category: 'C', threshold: 'OFF' }],
      labels: { team: 'a' },
    };
    const encoded = encode(parse(body), { upstreamModel: 'gemini-3-pro-preview' });
    expect(encoded.body).toEqual(body);
    expect([encoded.dropped, encoded.added]).toEqual([[], []]);
  });

  it('drops nothing of an empty call', () => {
    expect(encode(callOf({}))).toEqual({
      body: { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] },
      dropped: [],
      added: [],
    });
  });
});
