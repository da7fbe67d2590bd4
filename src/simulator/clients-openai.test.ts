import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../test/fake-upstream/index.ts';
import type { Simulator } from './index.ts';
import { simulatedModels, startSimulator } from './index.ts';

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new OpenAI({ apiKey: 'test', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const weatherTool = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } } },
  },
};

describe('chat completions through the OpenAI client', () => {
  it('answers what the prompt asks for', async () => {
    const answer = await client.chat.completions.create({
      model: 'gpt-mock',
      messages: [{ role: 'user', content: 'reply:hello there' }],
    });
    expect(answer.choices[0]?.message.content).toBe('hello there');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.model).toBe('gpt-mock');
    expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 });
  });

  it('streams a role first, then the words, then the usage the client asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'gpt-mock?chunks=5',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('w1 w2 w3 w4 w5');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)?.choices).toEqual([]);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(5);
  });

  it('calls the tool with plausible arguments, then answers from its result', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'weather?' }];
    const first = await client.chat.completions.create({ model: 'gpt-mock', messages, tools: [weatherTool] });
    const call = first.choices[0]?.message.tool_calls?.[0];
    if (call?.type !== 'function' || first.choices[0] === undefined) throw new Error('no tool call');
    expect(first.choices[0].finish_reason).toBe('tool_calls');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'simulated', days: 2 });
    messages.push(first.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'sunny' });
    const second = await client.chat.completions.create({ model: 'gpt-mock', messages, tools: [weatherTool] });
    expect(second.choices[0]?.message.content).toContain('The tool returned: sunny');
  });

  it('keeps the digits of asked arguments and calls in parallel', async () => {
    const stream = client.chat.completions.stream({
      model: 'gpt-mock',
      messages: [{ role: 'user', content: 'call:weather {"id":9007199254740993}\ncall:weather {"id":2}' }],
      tools: [weatherTool],
    });
    const final = await stream.finalChatCompletion();
    const calls = final.choices[0]?.message.tool_calls?.map(
      (call) => call.type === 'function' && call.function.arguments,
    );
    expect(calls).toEqual(['{"id":9007199254740993}', '{"id":2}']);
  });

  it('refuses a tool result that answers no call', async () => {
    const failure = client.chat.completions.create({
      model: 'gpt-mock',
      messages: [{ role: 'tool', tool_call_id: 'nobody', content: 'x' }],
    });
    await expect(failure).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
  });

  it('produces an instance of a JSON schema, and breaks it when told to', async () => {
    const request = (model: string) =>
      client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'make one' }],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', schema: { type: 'object', properties: { kind: { enum: ['a', 'b'] } } } },
        },
      });
    expect((await request('gpt-mock')).choices[0]?.message.content).toBe('{"kind":"a"}');
    expect((await request('gpt-mock?schema=invalid')).choices[0]?.message.content).toBe('{"unexpected":"simulated"}');
  });

  it('labels every keyless model as simulated and limits output to max_tokens', async () => {
    for (const { name } of simulatedModels) {
      const messages = [{ role: 'user' as const, content: 'reply:hi' }];
      const answer = await client.chat.completions.create({ model: name, messages });
      expect(answer.choices[0]?.message.content).toContain(`[simulated ${name}]`);
      const short = await client.chat.completions.create({ model: name, messages, max_tokens: 3 });
      expect(short.choices[0]?.finish_reason).toBe('length');
    }
  });
});

describe('responses through the OpenAI client', () => {
  it('streams events in a gapless sequence that ends in response.completed', async () => {
    const stream = await client.responses.create({
      model: 'gpt-mock?chunks=3&reasoning=2',
      input: 'hi',
      stream: true,
    });
    const events = await collect(stream);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
    const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    expect(text).toBe('w1 w2 w3');
    expect(events.at(-1)?.type).toBe('response.completed');
  });

  it('runs a tool loop and continues a stored response', async () => {
    const tools = [{ type: 'function' as const, strict: false, name: 'weather', parameters: { type: 'object' } }];
    const first = await client.responses.create({ model: 'gpt-mock', input: 'weather?', tools });
    const call = first.output.find((item) => item.type === 'function_call');
    if (call === undefined) throw new Error('no call');
    const second = await client.responses.create({
      model: 'gpt-mock',
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'rain' }],
      tools,
    });
    expect(second.output_text).toContain('The tool returned: rain');
    expect((await client.responses.retrieve(second.id)).output_text).toBe(second.output_text);
    const stranger = client.responses.create({ model: 'gpt-mock', input: 'x', previous_response_id: 'resp_other' });
    await expect(stranger).rejects.toMatchObject({ status: 400 });
  });

  it('hands out encrypted reasoning and refuses that of another server', async () => {
    const other = await startSimulator({ script: 'signatures=strict' });
    const strange = new OpenAI({ apiKey: 'test', baseURL: `${other.url}/v1`, maxRetries: 0 });
    const answer = await client.responses.create({
      model: 'gpt-mock?reasoning=1',
      input: 'hi',
      include: ['reasoning.encrypted_content'],
    });
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'hi' },
      ...(answer.output as OpenAI.Responses.ResponseInputItem[]),
      { role: 'user', content: 'more' },
    ];
    await expect(strange.responses.create({ model: 'gpt-mock', input })).rejects.toMatchObject({ status: 400 });
    expect((await client.responses.create({ model: 'gpt-mock?signatures=strict', input })).status).toBe('completed');
    await other.close();
  });
});

describe('the other OpenAI routes', () => {
  it('embeds equal texts equally, as floats and as base64', async () => {
    const { data } = await client.embeddings.create({ model: 'embed', input: ['a', 'b', 'a'], dimensions: 16 });
    expect(data[0]?.embedding).toHaveLength(16);
    expect(data[2]?.embedding).toEqual(data[0]?.embedding);
    expect(data[1]?.embedding).not.toEqual(data[0]?.embedding);
    const floats = await client.embeddings.create({
      model: 'embed',
      input: 'a',
      dimensions: 16,
      encoding_format: 'float',
    });
    expect(floats.data[0]?.embedding).toEqual(data[0]?.embedding);
  });

  it('lists models, completes text, moderates and draws', async () => {
    const names = (await collect(client.models.list())).map((model) => model.id);
    expect(names).toEqual(simulatedModels.map((model) => model.name));
    expect((await client.models.retrieve('sim/echo')).id).toBe('sim/echo');
    expect((await client.completions.create({ model: 'm', prompt: 'reply:abc' })).choices[0]?.text).toBe('abc');
    expect((await client.moderations.create({ input: 'violence' })).results[0]?.flagged).toBe(true);
    expect((await client.images.generate({ model: 'draw', prompt: 'x' })).data?.[0]?.b64_json).toMatch(/^iVBOR/);
  });

  it('speaks, transcribes, keeps files and batches', async () => {
    const speech = await client.audio.speech.create({ model: 'tts', voice: 'alloy', input: 'hello' });
    expect(await speech.text()).toContain('hello');
    expect(speech.headers.get('content-type')).toBe('audio/mpeg');
    const sound = await toFile(Buffer.from('sound'), 'a.wav');
    expect((await client.audio.transcriptions.create({ model: 'stt', file: sound })).text).toContain('Simulated');
    expect(simulator.stats().requestsByModel).toMatchObject({ tts: 1, stt: 1 });
    const file = await client.files.create({
      file: await toFile(Buffer.from('{"a":1}\n'), 'in.jsonl'),
      purpose: 'batch',
    });
    expect(file).toMatchObject({ filename: 'in.jsonl', bytes: 8, purpose: 'batch' });
    expect(await (await client.files.content(file.id)).text()).toBe('{"a":1}\n');
    const batch = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    expect((await client.batches.cancel(batch.id)).status).toBe('cancelling');
    expect((await client.files.delete(file.id)).deleted).toBe(true);
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  it('speaks Azure paths', async () => {
    const path = `${simulator.url}/openai/deployments/gpt-azure/chat/completions?api-version=2024-10-21`;
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'reply:azure' }] });
    const answer = (await (await fetch(path, { method: 'POST', body })).json()) as OpenAI.ChatCompletion;
    expect(answer.model).toBe('gpt-azure');
    expect(answer.choices[0]?.message.content).toBe('azure');
  });
});
