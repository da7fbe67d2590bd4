import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { openAIResponsesInbound as protocol } from './index.ts';
import { sealReasoningProof } from './reasoning-envelope.ts';

function headOf(body: JsonObject) {
  const head = protocol.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  return head;
}

function parse(body: JsonObject): ModelCall | Fault {
  return protocol.parseCall({ model: 'm', ...body }, headOf({ model: 'm', ...body }));
}

function parsed(body: JsonObject): ModelCall {
  const call = parse(body);
  if (Fault.is(call)) throw call;
  return call;
}

describe('readHead', () => {
  it('reads what every path needs', () => {
    const head = headOf({
      model: 'small',
      stream: true,
      max_output_tokens: 9,
      safety_identifier: 'user-1',
      prompt_cache_key: 'k',
      previous_response_id: 'resp_1',
      metadata: { job: 'triage' },
    });
    expect(head).toMatchObject({
      model: 'small',
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 9,
      endUser: 'user-1',
      cacheKey: 'k',
      previousResponseId: 'resp_1',
      job: 'triage',
    });
  });

  it('finds features in messages and in tool outputs', () => {
    const image = { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: 'x' }] };
    const file = { role: 'user', content: [{ type: 'input_file', file_id: 'f' }] };
    const head = headOf({
      model: 'm',
      input: [image, file],
      tools: [{ type: 'web_search' }],
      text: { format: { type: 'json_schema' } },
      reasoning: { effort: 'low' },
    });
    expect(head.features()).toEqual({
      tools: true,
      images: true,
      audio: false,
      documents: true,
      jsonSchema: true,
      reasoning: true,
      candidates: 1,
    });
  });

  it('takes the prefix up to the first user turn, so that later turns do not change it', () => {
    const first = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'a' },
    ];
    const later = [...first, { role: 'assistant', content: 'b' }, { role: 'user', content: 'c' }];
    const prefixOf = (input: JsonObject[]) => headOf({ model: 'm', instructions: 'i', input }).prefix();
    expect(prefixOf(later)).toBe(prefixOf(first));
    expect(prefixOf([{ role: 'user', content: 'z' }])).not.toBe(prefixOf(first));
  });

  it.each([
    [{}, '/model'],
    [{ model: 5 }, '/model'],
    [{ model: 'm', stream: 'yes' }, '/stream'],
  ])('refuses %j', (body, param) => {
    expect(protocol.readHead(body, { operation: 'generate' })).toMatchObject({ code: 'invalid_request', param });
  });
});

describe('parseCall', () => {
  it('reads a string input and the instructions', () => {
    expect(parsed({ input: 'Hi', instructions: 'be brief' }).messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'be brief', at: '/instructions' }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi', at: '/input' }] },
    ]);
  });

  it('joins the items of a turn and keeps their order', () => {
    const { messages } = parsed({
      input: [
        { role: 'user', content: 'a' },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b', annotations: [] }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"n":9007199254740993}' },
        { type: 'function_call', call_id: 'c2', name: 'g', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
      ],
    });
    expect(messages.map(({ role, content }) => [role, content.map((part) => part.type)])).toEqual([
      ['user', ['text']],
      ['assistant', ['reasoning', 'text', 'tool-call', 'tool-call']],
      ['tool', ['tool-result', 'tool-result']],
    ]);
    expect(messages[1]?.content[0]).toMatchObject({ encrypted: 'gAAA', id: 'rs_1', text: 'hm' });
    expect(messages[1]?.content[2]).toMatchObject({ arguments: '{"n":9007199254740993}', at: '/input/3' });
    expect(messages[2]?.content[1]).toMatchObject({
      content: [{ type: 'text', text: 'two', at: '/input/6/output/0' }],
    });
  });

  it('reads media by URL, inline and by id', () => {
    const content: JsonObject[] = [
      { type: 'input_image', image_url: 'https://a.example/i.png', detail: 'low' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
      { type: 'input_file', file_data: 'data:application/pdf;name=x;base64,BBBB', filename: 'x.pdf' },
      { type: 'input_file', file_id: 'file_1' },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
    ];
    expect(parsed({ input: [{ role: 'user', content }] }).messages[0]?.content).toMatchObject([
      { type: 'image', source: { kind: 'url', url: 'https://a.example/i.png' }, detail: 'low' },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' }, title: 'x.pdf' },
      { type: 'document', source: { kind: 'file', fileId: 'file_1' } },
      { type: 'audio', source: { kind: 'base64', data: 'CCCC' }, format: 'mp3' },
    ]);
  });

  it('opens a sealed signature of another dialect [scenario 51]', () => {
    const encrypted = sealReasoningProof({ signature: 'sig', provenance: 'anthropic-messages' });
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: encrypted };
    expect(parsed({ input: [item] }).messages[0]?.content[0]).toEqual({
      type: 'reasoning',
      text: '',
      id: 'rs_1',
      at: '/input/0',
      signature: 'sig',
      provenance: 'anthropic-messages',
    });
  });

  it('keeps custom and built-in tools, their items and choices opaque', () => {
    const { tools, messages, toolChoice } = parsed({
      input: [
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'x' },
        { type: 'item_reference', id: 'msg_1' },
      ],
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object' }, strict: true },
        { type: 'custom', name: 'sql' },
      ],
      tool_choice: { type: 'web_search' },
    });
    expect(tools.map((tool) => tool.type)).toEqual(['function', 'opaque', 'opaque']);
    expect(tools[0]).toMatchObject({ name: 'f', strict: true, at: '/tools/0' });
    expect(messages.map(({ role, content }) => [role, content[0]?.type])).toEqual([
      ['assistant', 'opaque'],
      ['tool', 'opaque'],
      ['user', 'opaque'],
    ]);
    expect(toolChoice).toBeUndefined();
  });

  it('reads tool choices', () => {
    const choiceOf = (tool_choice: JsonObject | string) => parsed({ input: 'a', tool_choice }).toolChoice;
    expect(choiceOf('required')).toEqual({ type: 'required' });
    expect(choiceOf({ type: 'function', name: 'f' })).toEqual({ type: 'tool', name: 'f' });
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] };
    expect(choiceOf(allowed)).toEqual({ type: 'allowed', mode: 'required', names: ['f'] });
  });

  it('reads settings with the pointers under which they are reported [scenario 4]', () => {
    const schema = { type: 'object' };
    const call = parsed({
      input: 'a',
      max_output_tokens: 5,
      temperature: 0.1,
      top_p: 0.2,
      parallel_tool_calls: false,
      safety_identifier: 'u',
      reasoning: { effort: 'high', summary: 'auto', mode: 'pro' },
      text: { format: { type: 'json_schema', name: 'n', schema, strict: true }, verbosity: 'low' },
      include: ['reasoning.encrypted_content'],
      store: false,
      truncation: 'auto',
      brand_new: { x: 1 },
    });
    expect(call).toMatchObject({
      maxOutputTokens: 5,
      sampling: { temperature: 0.1, topP: 0.2 },
      parallelToolCalls: false,
      endUser: 'u',
      reasoning: { effort: 'high', summary: 'auto' },
      responseFormat: { type: 'json-schema', name: 'n', schema, strict: true },
      verbosity: 'low',
    });
    expect(call.pointers).toMatchObject({
      'sampling.topP': '/top_p',
      endUser: '/safety_identifier',
      responseFormat: '/text/format',
      'reasoning.effort': '/reasoning/effort',
    });
    expect(call.rest).toEqual({
      '/include': ['reasoning.encrypted_content'],
      '/store': false,
      '/truncation': 'auto',
      '/brand_new': { x: 1 },
      '/reasoning/mode': 'pro',
    });
  });

  it('asks for something to answer', () => {
    expect(parse({})).toMatchObject({ code: 'invalid_request', param: '/input' });
    expect(parse({ input: [] })).toMatchObject({ code: 'invalid_request', param: '/input' });
    expect(parsed({ instructions: 'Say hello.' }).messages).toHaveLength(1);
  });

  it('keeps fields that pull in stored content where no other dialect can lose them', () => {
    const { messages, rest } = parsed({ input: 'a', conversation: 'conv_1', background: false });
    expect(messages[0]?.content).toEqual([
      { type: 'opaque', dialect: 'openai-responses', value: { conversation: 'conv_1' }, at: '/conversation' },
    ]);
    expect(rest).toEqual({});
  });

  it.each([
    [{ input: 5 }, '/input'],
    [{ input: [{ role: 'robot', content: 'x' }] }, '/input/0/role'],
    [{ input: [{ role: 'user' }] }, '/input/0/content'],
    [{ input: [{ type: 'function_call', name: 'f' }] }, '/input/0/call_id'],
    [{ input: 'a', tools: [{ type: 'function' }] }, '/tools/0/name'],
    [{ input: 'a', text: { format: { type: 'json_schema', name: 'x' } } }, '/text/format/schema'],
    [{ input: 'a', temperature: 'hot' }, '/temperature'],
    [{ input: 'a', tool_choice: 7 }, '/tool_choice'],
  ])('names the field at fault in %j', (body, param) => {
    expect(parse(body)).toMatchObject({ code: 'invalid_request', param });
  });
});
