import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerContext } from '../contract.ts';
import { completionToParts } from '../shared/collect-completion.ts';
import { openAIResponsesInbound as protocol } from './index.ts';

const answer: Completion = {
  id: 'resp_up',
  model: 'gpt-up',
  createdAtS: 7,
  blocks: [
    { type: 'reasoning', text: 'hm', signature: 'sig', provenance: 'anthropic-messages' },
    { type: 'text', text: 'Hello' },
    { type: 'source', url: 'https://a.example', title: 'A' },
    { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at":1}' },
  ],
  finish: { reason: 'tool-calls' },
  usage: { source: 'provider', buckets: { input: 3, cacheRead: 2, output: 4, reasoning: 1 } },
};

/** Which answer the server gives next. */
let next: Completion | Fault = answer;

function contextOf(request: JsonObject): AnswerContext {
  let ids = 0;
  return {
    requestId: 'req_1',
    model: 'small',
    createdAtS: 7,
    wantsUsage: true,
    framing: 'sse',
    request,
    newId: (prefix) => `${prefix}_${++ids}`,
  };
}

function respond(body: JsonObject): string {
  const context = contextOf(body);
  if (body['stream'] !== true) {
    return JSON.stringify(
      Fault.is(next) ? protocol.encodeFault(next, 'req_1') : protocol.encodeCompletion(next, context),
    );
  }
  const encoder = protocol.openEncoder(context);
  if (!Fault.is(next))
    return (
      completionToParts(next)
        .map((part) => encoder.push(part))
        .join('') + encoder.end()
    );
  const begun = completionToParts(answer)
    .slice(0, 6)
    .map((part) => encoder.push(part));
  return begun.join('') + encoder.fail(next);
}

let server: Server;
let openai: OpenAI;
let model: ReturnType<ReturnType<typeof createOpenAI>>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
      const type = body['stream'] === true ? 'text/event-stream' : 'application/json';
      const status = Fault.is(next) && body['stream'] !== true ? next.kind.httpStatus : 200;
      response.writeHead(status, { 'content-type': type, 'x-should-retry': 'false' }).end(respond(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  openai = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  model = createOpenAI({ baseURL, apiKey: 'none' }).responses('gpt-5');
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('the openai client', () => {
  it('reads a whole answer', async () => {
    next = answer;
    const response = await openai.responses.create({ model: 'small', input: 'Hi' });
    expect(response.output_text).toBe('Hello');
    expect(response.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(response.usage).toMatchObject({ input_tokens: 5, output_tokens: 5, total_tokens: 10 });
  });

  it('accumulates a stream into the same answer [scenario 3]', async () => {
    next = answer;
    const stream = openai.responses.stream({ model: 'small', input: 'Hi' });
    let text = '';
    stream.on('response.output_text.delta', (event) => (text = event.snapshot));
    const response = await stream.finalResponse();
    expect(text).toBe('Hello');
    expect(response.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(response.status).toBe('completed');
  });

  it('throws on a fault in the middle of a stream instead of ending well [scenario 15]', async () => {
    next = new Fault('truncated');
    const stream = await openai.responses.create({ model: 'small', input: 'Hi', stream: true });
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of stream) types.push(event.type);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'truncated' });
    expect(types).toContain('response.output_text.delta');
    expect(types).not.toContain('response.completed');
  });

  it('reads our error bodies', async () => {
    next = new Fault('invalid_request', { message: 'input: is odd', param: '/input' });
    await expect(openai.responses.create({ model: 'small', input: 'Hi' })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'input',
    });
  });
});

describe('the AI SDK', () => {
  it('reads a whole answer', async () => {
    next = answer;
    const result = await generateText({ model, prompt: 'Hi' });
    expect(result.text).toBe('Hello');
    expect(result.reasoningText).toBe('hm');
    expect(result.sources).toMatchObject([{ url: 'https://a.example' }]);
    expect(result.toolCalls).toMatchObject([{ toolCallId: 'call_1', toolName: 'look' }]);
    expect(result.usage).toMatchObject({ inputTokens: 5, outputTokens: 5, cachedInputTokens: 2 });
  });

  it('reads a stream to the same text and finish reason [scenario 3]', async () => {
    next = { ...answer, blocks: answer.blocks.slice(0, 3), finish: { reason: 'length' } };
    const result = streamText({ model, prompt: 'Hi' });
    expect(await result.text).toBe('Hello');
    expect(await result.finishReason).toBe('length');
    expect(await result.reasoningText).toBe('hm');
  });

  it('does not take a refusal for an ordinary stop [scenario 9]', async () => {
    next = { ...answer, blocks: [{ type: 'text', text: 'Well' }], finish: { reason: 'refusal' } };
    expect((await generateText({ model, prompt: 'Hi' })).finishReason).toBe('content-filter');
  });

  it('reports a fault in the middle of a stream [scenario 15]', async () => {
    next = new Fault('upstream_timeout');
    const errors: unknown[] = [];
    const result = streamText({ model, prompt: 'Hi', onError: ({ error }) => void errors.push(error) });
    await result.consumeStream();
    expect(errors).toHaveLength(1);
  });
});
