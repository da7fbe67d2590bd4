import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import type { DialectId } from '../../src/domain/calls/dialect.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import type { Quirks } from '../../src/providers/index.ts';

/** What every sample says, whatever its wire. */
export const said = {
  reasoning: 'Let me think.',
  text: 'It is 21 °C — 晴れ 🌤',
  tool: { id: 'call_1', name: 'weather', arguments: '{"city":"Zürich"}' },
  input: 11,
  output: 7,
};

/** A stream of the given wire, as its pieces; samples of hosts without recordings are made from declared quirks. */
export function sampleStream(dialect: DialectId, quirks: Quirks = {}): Buffer {
  return Buffer.concat(streams[dialect](quirks));
}

/** A whole answer of the given wire. */
export function sampleAnswer(dialect: DialectId, quirks: Quirks = {}): JsonObject {
  return answers[dialect](quirks);
}

/** An event that is not the dialect's, framed as the dialect frames. */
export function malformedEvent(dialect: DialectId): Buffer {
  return dialect === 'bedrock-converse' ? Buffer.alloc(64, 7) : Buffer.from('event: x\ndata: {"broken": \n\n');
}

type StreamSample = (quirks: Quirks) => Buffer[];

const half = Math.ceil(said.tool.arguments.length / 2);
const argumentHalves = [said.tool.arguments.slice(0, half), said.tool.arguments.slice(half)];

const streams: { readonly [Dialect in DialectId]: StreamSample } = {
  'openai-chat': chatStream,
  'openai-responses': responsesStream,
  'anthropic-messages': anthropicStream,
  gemini: () => [sse(geminiAnswer())],
  'bedrock-converse': bedrockStream,
};

const answers: { readonly [Dialect in DialectId]: (quirks: Quirks) => JsonObject } = {
  'openai-chat': chatAnswer,
  'openai-responses': responsesAnswer,
  'anthropic-messages': anthropicAnswer,
  gemini: geminiAnswer,
  'bedrock-converse': bedrockAnswer,
};

function sse(data: JsonObject, event?: string): Buffer {
  return Buffer.from(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
}

const chatUsage = { prompt_tokens: said.input, completion_tokens: said.output, total_tokens: said.input + said.output };

function chatStream(quirks: Quirks): Buffer[] {
  const placement = quirks.usagePlacement ?? 'tail';
  const chunk = (choice: JsonObject | undefined, isFinish = false): Buffer => {
    const hasUsage = placement === 'every-chunk' || (placement === 'finish-chunk' && isFinish) || choice === undefined;
    return sse({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: choice === undefined ? [] : [{ index: 0, ...choice }],
      ...(hasUsage ? { usage: chatUsage } : {}),
    });
  };
  const { id, name } = said.tool;
  const [firstHalf = '', secondHalf = ''] = argumentHalves;
  return [
    chunk({ delta: { role: 'assistant', content: '' } }),
    ...(quirks.reasoningField === undefined ? [] : [chunk({ delta: { [quirks.reasoningField]: said.reasoning } })]),
    chunk({ delta: { content: said.text.slice(0, 5) } }),
    chunk({ delta: { content: said.text.slice(5) } }),
    chunk({ delta: { tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: firstHalf } }] } }),
    chunk({ delta: { tool_calls: [{ index: 0, function: { arguments: secondHalf } }] } }),
    chunk({ delta: {}, finish_reason: 'tool_calls' }, true),
    ...(placement === 'tail' ? [chunk(undefined)] : []),
    Buffer.from('data: [DONE]\n\n'),
  ];
}

function chatAnswer({ reasoningField }: Quirks): JsonObject {
  const { id, name, arguments: text } = said.tool;
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: said.text,
          ...(reasoningField === undefined ? {} : { [reasoningField]: said.reasoning }),
          tool_calls: [{ id, type: 'function', function: { name, arguments: text } }],
        },
      },
    ],
    usage: chatUsage,
  };
}

function responsesAnswer(): JsonObject {
  const { id, name, arguments: text } = said.tool;
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'm',
    status: 'completed',
    output: [
      {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: said.text, annotations: [] }],
      },
      { id: 'fc_1', type: 'function_call', call_id: id, name, arguments: text, status: 'completed' },
    ],
    usage: { input_tokens: said.input, output_tokens: said.output, total_tokens: said.input + said.output },
  };
}

function responsesStream(): Buffer[] {
  const { id, name, arguments: text } = said.tool;
  const started = { ...responsesAnswer(), status: 'in_progress', output: [], usage: null };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  const call = { id: 'fc_1', type: 'function_call', call_id: id, name, arguments: '', status: 'in_progress' };
  const part = { type: 'output_text', text: '', annotations: [] };
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const events: readonly [string, JsonObject][] = [
    ['response.created', { response: started }],
    ['response.output_item.added', { output_index: 0, item: message }],
    ['response.content_part.added', { ...at, part }],
    ['response.output_text.delta', { ...at, delta: said.text }],
    ['response.output_text.done', { ...at, text: said.text }],
    ['response.content_part.done', { ...at, part: { ...part, text: said.text } }],
    ['response.output_item.done', { output_index: 0, item: { ...message, content: [{ ...part, text: said.text }] } }],
    ['response.output_item.added', { output_index: 1, item: call }],
    ...argumentHalves.map((delta): [string, JsonObject] => [
      'response.function_call_arguments.delta',
      { item_id: 'fc_1', output_index: 1, delta },
    ]),
    ['response.function_call_arguments.done', { item_id: 'fc_1', output_index: 1, arguments: text }],
    ['response.output_item.done', { output_index: 1, item: { ...call, arguments: text, status: 'completed' } }],
    ['response.completed', { response: responsesAnswer() }],
  ];
  return events.map(([type, fields], index) => sse({ type, sequence_number: index, ...fields }, type));
}

function anthropicAnswer(): JsonObject {
  const { id, name, arguments: text } = said.tool;
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [
      { type: 'text', text: said.text },
      { type: 'tool_use', id, name, input: JSON.parse(text) as JsonObject },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: said.input, output_tokens: said.output },
  };
}

function anthropicStream(): Buffer[] {
  const { id, name } = said.tool;
  const usage = { input_tokens: said.input, output_tokens: 1 };
  const events: readonly JsonObject[] = [
    { type: 'message_start', message: { ...anthropicAnswer(), content: [], stop_reason: null, usage } },
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: said.text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id, name, input: {} } },
    ...argumentHalves.map((partial_json) => ({
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index: 1 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: said.output },
    },
    { type: 'message_stop' },
  ];
  return events.map((event) => sse(event, String(event['type'])));
}

function geminiAnswer(): JsonObject {
  const { name, arguments: text } = said.tool;
  return {
    candidates: [
      {
        index: 0,
        finishReason: 'STOP',
        content: {
          role: 'model',
          parts: [{ text: said.text }, { functionCall: { name, args: JSON.parse(text) as JsonObject } }],
        },
      },
    ],
    usageMetadata: {
      promptTokenCount: said.input,
      candidatesTokenCount: said.output,
      totalTokenCount: said.input + said.output,
    },
    modelVersion: 'm',
    responseId: 'r',
  };
}

function bedrockAnswer(): JsonObject {
  const { id, name, arguments: text } = said.tool;
  return {
    output: {
      message: {
        role: 'assistant',
        content: [{ text: said.text }, { toolUse: { toolUseId: id, name, input: JSON.parse(text) as JsonObject } }],
      },
    },
    stopReason: 'tool_use',
    usage: { inputTokens: said.input, outputTokens: said.output, totalTokens: said.input + said.output },
    metrics: { latencyMs: 1 },
  };
}

function bedrockStream(): Buffer[] {
  const codec = new EventStreamCodec(toUtf8, fromUtf8);
  const event = (type: string, body: JsonObject): Buffer =>
    Buffer.from(
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: 'event' },
          ':event-type': { type: 'string', value: type },
          ':content-type': { type: 'string', value: 'application/json' },
        },
        body: Buffer.from(JSON.stringify(body)),
      }),
    );
  const { id: toolUseId, name } = said.tool;
  return [
    event('messageStart', { role: 'assistant' }),
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: said.text } }),
    event('contentBlockStop', { contentBlockIndex: 0 }),
    event('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId, name } } }),
    ...argumentHalves.map((input) =>
      event('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input } } }),
    ),
    event('contentBlockStop', { contentBlockIndex: 1 }),
    event('messageStop', { stopReason: 'tool_use' }),
    event('metadata', {
      usage: { inputTokens: said.input, outputTokens: said.output, totalTokens: said.input + said.output },
      metrics: { latencyMs: 1 },
    }),
  ];
}
