// @ts-check
// Upstream answers as hosts send them, in each upstream dialect: streams as lists of events, and whole answers.
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { chat, response, responses } from './sample-openai-streams.mjs';

/** @typedef {{ event?: string, data: any }} SampleEvent */

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** @type {readonly SampleEvent[]} */
const messages = [
  {
    event: 'message_start',
    data: {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        usage: {
          input_tokens: 9,
          output_tokens: 1,
          cache_read_input_tokens: 2,
          cache_creation: { ephemeral_5m_input_tokens: 1 },
        },
      },
    },
  },
  {
    event: 'content_block_start',
    data: { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  },
  {
    event: 'content_block_delta',
    data: { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
  },
  {
    event: 'content_block_delta',
    data: { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
  },
  { event: 'content_block_stop', data: { type: 'content_block_stop', index: 0 } },
  { event: 'ping', data: { type: 'ping' } },
  {
    event: 'content_block_start',
    data: { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  },
  {
    event: 'content_block_delta',
    data: { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hello' } },
  },
  {
    event: 'content_block_delta',
    data: {
      type: 'content_block_delta',
      index: 1,
      delta: {
        type: 'citations_delta',
        citation: { type: 'char_location', cited_text: 'a', document_index: 0, document_title: 't' },
      },
    },
  },
  { event: 'content_block_stop', data: { type: 'content_block_stop', index: 1 } },
  {
    event: 'content_block_start',
    data: {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
    },
  },
  {
    event: 'content_block_delta',
    data: { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"city":' } },
  },
  { event: 'content_block_stop', data: { type: 'content_block_stop', index: 2 } },
  {
    event: 'message_delta',
    data: {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 4 },
    },
  },
  { event: 'message_stop', data: { type: 'message_stop' } },
];

/** @type {readonly SampleEvent[]} */
const gemini = [
  {
    data: {
      responseId: 'r1',
      modelVersion: 'm',
      candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'hm', thought: true }] } }],
      usageMetadata: { promptTokenCount: 9 },
    },
  },
  { data: { candidates: [{ content: { parts: [{ text: 'Hello', thoughtSignature: 'sig' }] } }] } },
  { data: { candidates: [{ content: { parts: [{ functionCall: { name: 'weather', args: { city: 'Bonn' } } }] } }] } },
  {
    data: {
      candidates: [
        {
          content: {
            parts: [
              {
                functionCall: {
                  name: 'long',
                  willContinue: true,
                  partialArgs: [{ jsonPath: '$.a.b[0]', stringValue: 'x' }],
                },
              },
            ],
          },
        },
      ],
    },
  },
  {
    data: {
      candidates: [
        {
          content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBO' } }] },
          groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a.example', title: 'a' } }] },
        },
      ],
    },
  },
  {
    data: {
      candidates: [{ content: { parts: [] }, finishReason: 'STOP' }],
      usageMetadata: {
        promptTokenCount: 9,
        candidatesTokenCount: 3,
        thoughtsTokenCount: 1,
        cachedContentTokenCount: 2,
        totalTokenCount: 13,
      },
    },
  },
];

/** @type {readonly SampleEvent[]} */
const bedrock = [
  { event: 'messageStart', data: { role: 'assistant' } },
  { event: 'contentBlockDelta', data: { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } } },
  { event: 'contentBlockDelta', data: { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'sig' } } } },
  { event: 'contentBlockStop', data: { contentBlockIndex: 0 } },
  { event: 'contentBlockDelta', data: { contentBlockIndex: 1, delta: { text: 'Hello' } } },
  { event: 'contentBlockStop', data: { contentBlockIndex: 1 } },
  {
    event: 'contentBlockStart',
    data: { contentBlockIndex: 2, start: { toolUse: { toolUseId: 't1', name: 'weather' } } },
  },
  { event: 'contentBlockDelta', data: { contentBlockIndex: 2, delta: { toolUse: { input: '{"city":' } } } },
  { event: 'contentBlockStop', data: { contentBlockIndex: 2 } },
  { event: 'messageStop', data: { stopReason: 'tool_use' } },
  {
    event: 'metadata',
    data: {
      usage: { inputTokens: 9, outputTokens: 4, totalTokens: 13, cacheReadInputTokens: 2 },
      metrics: { latencyMs: 1 },
    },
  },
];

/**
 * Streams of each upstream dialect.
 * @type {{ readonly [dialect: string]: readonly SampleEvent[] }}
 */
export const sampleStreams = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  gemini,
  'bedrock-converse': bedrock,
};

/**
 * Whole answers of each upstream dialect.
 * @type {{ readonly [dialect: string]: any }}
 */
export const sampleAnswers = {
  'openai-chat': {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Hello',
          refusal: null,
          reasoning_content: 'hm',
          annotations: [],
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
  },
  'openai-responses': {
    ...response,
    status: 'completed',
    output: [
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{}' },
    ],
    usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 },
  },
  'anthropic-messages': {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'text', text: 'Hello', citations: [] },
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } },
    ],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 4, cache_creation_input_tokens: 1 },
  },
  gemini: {
    responseId: 'r1',
    modelVersion: 'm',
    promptFeedback: {},
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [{ text: 'Hello' }, { functionCall: { name: 'weather', args: {} } }] },
        finishReason: 'STOP',
        safetyRatings: [],
      },
    ],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3 },
  },
  'bedrock-converse': {
    output: {
      message: {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
          { text: 'Hello' },
          { toolUse: { toolUseId: 't1', name: 'weather', input: {} } },
        ],
      },
    },
    stopReason: 'end_turn',
    usage: { inputTokens: 9, outputTokens: 4 },
    metrics: { latencyMs: 1 },
  },
};

/**
 * Writes events as an upstream of the dialect frames them.
 * @param {string} dialect
 * @param {readonly SampleEvent[]} events
 * @returns {Buffer}
 */
export function frameStream(dialect, events) {
  if (dialect === 'bedrock-converse') return Buffer.concat(events.map(frameBinary));
  const texts = events.map(({ event, data }) => {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`;
  });
  return Buffer.from(texts.join(''));
}

/** @param {SampleEvent} event */
function frameBinary({ event = 'chunk', data }) {
  /** @param {string} value */
  const text = (value) => ({ type: /** @type {const} */ ('string'), value });
  return Buffer.from(
    codec.encode({
      headers: {
        ':event-type': text(event),
        ':content-type': text('application/json'),
        ':message-type': text('event'),
      },
      body: fromUtf8(JSON.stringify(data) ?? ''),
    }),
  );
}
