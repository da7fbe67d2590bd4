import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { anthropicMessagesInbound } from './inbound.ts';

const base = { model: 'claude-x', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };
const dialect = 'anthropic-messages';

function headOf(body: JsonObject): RequestHead {
  const head = anthropicMessagesInbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  return head;
}

function parse(body: JsonObject): ModelCall {
  const call = anthropicMessagesInbound.parseCall(body, headOf(body));
  if (Fault.is(call)) throw call;
  return call;
}

function faultOf(body: JsonObject): Fault {
  const head = anthropicMessagesInbound.readHead(body, { operation: 'generate' });
  const result = Fault.is(head) ? head : anthropicMessagesInbound.parseCall(body, head);
  if (!Fault.is(result)) throw new Error('expected a fault');
  return result;
}

describe('the head of a Messages request', () => {
  it('tells what every path needs', () => {
    const head = headOf({ ...base, stream: true, metadata: { user_id: 'u1' } });
    expect(head).toMatchObject({
      model: 'claude-x',
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 100,
      endUser: 'u1',
    });
    expect(head.estimateInputTokens()).toBeGreaterThan(0);
  });

  it.each([
    [{ ...base, max_tokens: undefined }, '/max_tokens', 'max_tokens: is required'],
    [{ ...base, max_tokens: 'many' }, '/max_tokens', 'max_tokens: must be a number'],
    [{ ...base, messages: undefined }, '/messages', 'messages: is required'],
    [{ ...base, messages: [] }, '/messages', 'messages: must hold at least one message'],
    [{ ...base, model: '' }, '/model', 'model: is required'],
    [
      { ...base, messages: [{ role: 'bot', content: '' }] },
      '/messages/0/role',
      'messages/0/role: must be user, assistant or system',
    ],
    [{ ...base, messages: ['Hi'] }, '/messages/0', 'messages/0: must be an object'],
    [
      { ...base, messages: [{ role: 'user', content: [{ text: 'x' }] }] },
      '/messages/0/content/0/type',
      'messages/0/content/0/type: is required',
    ],
    [
      { ...base, tool_choice: { type: 'maybe' } },
      '/tool_choice/type',
      'tool_choice/type: must be auto, any, tool or none',
    ],
    [{ ...base, temperature: 'hot' }, '/temperature', 'temperature: must be a number'],
  ])('refuses what is missing or wrong, naming it (%#)', (body, param, message) => {
    const fault = faultOf(JSON.parse(JSON.stringify(body)) as JsonObject);
    expect(fault).toMatchObject({ code: 'invalid_request', param, message });
  });

  it('asks for no output limit to count tokens', () => {
    const { max_tokens: _, ...body } = base;
    expect(Fault.is(anthropicMessagesInbound.readHead(body, { operation: 'count-tokens' }))).toBe(false);
    expect(anthropicMessagesInbound.encodeTokenCount?.(7)).toEqual({ input_tokens: 7 });
  });

  it('sees features, also inside tool results', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } };
    const result = { type: 'tool_result', tool_use_id: 't', content: [image] };
    const body = {
      ...base,
      tools: [{ name: 'f', input_schema: {} }],
      thinking: { type: 'adaptive' },
      output_config: { format: { type: 'json_schema', schema: {} } },
      messages: [{ role: 'user', content: [result] }],
    };
    expect(headOf(body).features()).toEqual({
      tools: true,
      images: true,
      audio: false,
      documents: false,
      jsonSchema: true,
      reasoning: true,
      candidates: 1,
    });
    expect(headOf(base).features()).toMatchObject({ tools: false, images: false, jsonSchema: false, reasoning: false });
  });

  it('keys the prefix by system, tools and first user turn only', () => {
    const later = { ...base, messages: [...base.messages, { role: 'assistant', content: 'Hello' }] };
    expect(headOf(later).prefix()).toBe(headOf(base).prefix());
    expect(headOf({ ...base, system: 'Be brief' }).prefix()).not.toBe(headOf(base).prefix());
  });
});

describe('a whole Messages request', () => {
  it('keeps system blocks in order with their cache marks', () => {
    const system: JsonObject[] = [
      { type: 'text', text: 'One', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'Two', cache_control: { type: 'ephemeral' } },
    ];
    expect(parse({ ...base, system }).messages[0]).toEqual({
      role: 'system',
      content: [
        { type: 'text', text: 'One', cache: { ttl: '1h' }, at: '/system/0' },
        { type: 'text', text: 'Two', cache: { ttl: '5m' }, at: '/system/1' },
      ],
    });
  });

  it('reads images and documents from every kind of source', () => {
    const sources: JsonObject[] = [
      { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
      { type: 'url', url: 'https://a.test/a.pdf' },
      { type: 'file', file_id: 'file_1' },
      { type: 'text', media_type: 'text/plain', data: 'plain' },
      { type: 'content', content: [{ type: 'text', text: 'plain' }] },
    ];
    const content = sources.map((source) => ({ type: 'document', source, title: 'T' }));
    const parts = parse({ ...base, messages: [{ role: 'user', content }] }).messages[0]?.content;
    const plain = { kind: 'base64', mediaType: 'text/plain', data: Buffer.from('plain').toString('base64') };
    expect(parts?.map((part) => part.type === 'document' && part.source)).toEqual([
      { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' },
      { kind: 'url', url: 'https://a.test/a.pdf' },
      { kind: 'file', fileId: 'file_1' },
      plain,
      plain,
    ]);
  });

  it('makes tool results turns of their own, in order', () => {
    const content: JsonObject[] = [
      { type: 'tool_result', tool_use_id: 't1', content: 'ok', is_error: false },
      { type: 'tool_result', tool_use_id: 't2' },
      { type: 'text', text: 'Go on' },
    ];
    const messages = parse({ ...base, messages: [{ role: 'user', content }] }).messages;
    expect(messages.map(({ role, content: parts }) => [role, parts.length])).toEqual([
      ['tool', 2],
      ['user', 1],
    ]);
    expect(messages[0]?.content[0]).toMatchObject({
      type: 'tool-result',
      toolCallId: 't1',
      isError: false,
      content: [{ type: 'text', text: 'ok' }],
    });
  });

  it('reads thinking, redacted thinking and calls of the assistant', () => {
    const content: JsonObject[] = [
      { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
      { type: 'thinking', thinking: '', signature: 'bGF0ZXI=' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      { type: 'tool_use', id: 't1', name: 'f', input: { x: 1 }, caller: { type: 'direct' } },
    ];
    const call = parse({ ...base, messages: [...base.messages, { role: 'assistant', content }] });
    const at = (index: number): string => `/messages/1/content/${index}`;
    const provenance = dialect;
    expect(call.messages[1]?.content).toEqual([
      { type: 'reasoning', text: 'Hm', signature: 'c2ln', provenance, at: at(0) },
      { type: 'reasoning', text: '', signature: 'bGF0ZXI=', provenance, at: at(1) },
      { type: 'reasoning', text: '', redacted: 'ZGF0YQ==', provenance, at: at(2) },
      { type: 'tool-call', id: 't1', name: 'f', arguments: '{"x":1}', at: at(3) },
    ]);
    expect(call.rest).toEqual({});
  });

  it.each([
    'server_tool_use',
    'web_search_tool_result',
    'code_execution_tool_result',
    'search_result',
    'container_upload',
    'mcp_tool_use',
    'from_the_future',
  ])('carries %s blocks as they are', (type) => {
    const block = { type, id: 'x', anything: [1] };
    const call = parse({ ...base, messages: [{ role: 'assistant', content: [block] }] });
    expect(call.messages[0]?.content).toEqual([{ type: 'opaque', dialect, value: block, at: '/messages/0/content/0' }]);
  });

  it('tells own tools from those that the provider runs', () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
    const server = { type: 'url', url: 'https://mcp.test/', name: 'mcp' };
    const own = { name: 'f', description: 'd', input_schema: { type: 'object' }, strict: true, defer_loading: true };
    const call = parse({ ...base, tools: [own, search], mcp_servers: [server] });
    expect(call.tools).toEqual([
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true, at: '/tools/0' },
      { type: 'opaque', dialect, name: 'web_search', value: search, at: '/tools/1' },
      { type: 'opaque', dialect, name: 'mcp', value: server, at: '/mcp_servers/0' },
    ]);
    expect(call.rest).toEqual({ '/tools/0/defer_loading': true });
  });

  it.each([
    [
      { type: 'auto', disable_parallel_tool_use: true },
      { toolChoice: { type: 'auto' }, parallelToolCalls: false },
    ],
    [{ type: 'any' }, { toolChoice: { type: 'required' } }],
    [{ type: 'tool', name: 'f' }, { toolChoice: { type: 'tool', name: 'f' } }],
    [{ type: 'none' }, { toolChoice: { type: 'none' } }],
  ])('reads tool choice %j', (choice, meaning) => {
    expect(parse({ ...base, tool_choice: choice })).toMatchObject(meaning);
  });

  it.each([
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { enabled: true, budgetTokens: 2048 }],
    [{ thinking: { type: 'adaptive', display: 'omitted' } }, { enabled: true, summary: 'omitted' }],
    [{ thinking: { type: 'disabled' } }, { enabled: false }],
    [{ output_config: { effort: 'max' } }, { effort: 'max' }],
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      { enabled: true, effort: 'low' },
    ],
  ])('reads reasoning %j', (fields, reasoning) => {
    expect(parse({ ...base, ...fields }).reasoning).toEqual(reasoning);
  });

  it('reads structured output where it is now and where it was', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } };
    const meaning = { type: 'json-schema', schema: { type: 'object' }, strict: true };
    expect(parse({ ...base, output_config: { format } })).toMatchObject({
      responseFormat: meaning,
      pointers: { responseFormat: '/output_config/format' },
    });
    expect(parse({ ...base, output_format: format })).toMatchObject({
      responseFormat: meaning,
      pointers: { responseFormat: '/output_format' },
    });
  });

  it('reads sampling and settings with their pointers, and keeps the rest', () => {
    const call = parse({
      ...base,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      service_tier: 'auto',
      metadata: { user_id: 'u1' },
      container: 'c1',
      context_management: { edits: [] },
      output_config: { task_budget: { total: 5 } },
      brand_new: null,
      'a/b': 1,
    });
    expect(call.sampling).toEqual({ temperature: 0.5, topP: 0.9, topK: 5, stop: ['END'] });
    expect(call).toMatchObject({ serviceTier: 'auto', endUser: 'u1', maxOutputTokens: 100 });
    expect(call.pointers).toMatchObject({ 'sampling.topK': '/top_k', endUser: '/metadata/user_id' });
    expect(call.rest).toEqual({
      '/container': 'c1',
      '/context_management': { edits: [] },
      '/output_config/task_budget': { total: 5 },
      '/a~1b': 1,
    });
  });

  it('answers any JSON with a call or a fault, never an exception', () => {
    const mess = fc.jsonValue({ maxDepth: 4 });
    const body = fc.record(
      {
        model: fc.constant('m'),
        max_tokens: fc.constant(5),
        messages: fc.array(fc.oneof(mess, fc.record({ role: fc.constantFrom('user', 'assistant'), content: mess }))),
        system: mess,
        tools: mess,
        tool_choice: mess,
        thinking: mess,
        output_config: mess,
        metadata: mess,
        mcp_servers: mess,
      },
      { requiredKeys: ['model', 'max_tokens', 'messages'] },
    );
    fc.assert(
      fc.property(body, (drawn) => {
        const request = drawn as JsonObject;
        const head = anthropicMessagesInbound.readHead(request, { operation: 'generate' });
        if (Fault.is(head)) return;
        head.features();
        head.prefix();
        const call = anthropicMessagesInbound.parseCall(request, head);
        expect(Fault.is(call) ? call.code : 'call').toMatch(/^(invalid_request|call)$/);
      }),
    );
  });
});
