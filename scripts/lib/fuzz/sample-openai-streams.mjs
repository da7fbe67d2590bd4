// @ts-check

/** @typedef {import('./sample-answers.mjs').SampleEvent} SampleEvent */

/**
 * A Chat Completions stream.
 * @type {readonly SampleEvent[]}
 */
export const chat = [
  {
    data: {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
    },
  },
  { data: { id: 'c1', choices: [{ index: 0, delta: { reasoning_content: 'Let me see' } }] } },
  { data: { id: 'c1', choices: [{ index: 0, delta: { content: 'Hello 🙂' }, logprobs: null }] } },
  { data: { id: 'c1', choices: [{ index: 0, delta: { refusal: 'No.' } }] } },
  {
    data: {
      id: 'c1',
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }],
          },
        },
      ],
    },
  },
  {
    data: {
      id: 'c1',
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] } }],
    },
  },
  {
    data: {
      id: 'c1',
      choices: [
        { index: 0, delta: { tool_calls: [{ index: 1, id: 'call_2', function: { name: 'now', arguments: 'null' } }] } },
      ],
    },
  },
  {
    data: {
      id: 'c1',
      choices: [
        {
          index: 0,
          delta: { annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.example', title: 'a' } }] },
        },
      ],
    },
  },
  { data: { id: 'c1', choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] } },
  {
    data: {
      id: 'c1',
      choices: [],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 4,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    },
  },
  { data: '[DONE]' },
];

/** What all events of a Responses stream say about it. */
export const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'in_progress',
  output: [],
};
/**
 * A Responses stream.
 * @type {readonly SampleEvent[]}
 */
export const responses = [
  { event: 'response.created', data: { type: 'response.created', sequence_number: 0, response } },
  {
    event: 'response.output_item.added',
    data: {
      type: 'response.output_item.added',
      sequence_number: 1,
      output_index: 0,
      item: { type: 'reasoning', id: 'rs_1', summary: [] },
    },
  },
  {
    event: 'response.reasoning_summary_text.delta',
    data: {
      type: 'response.reasoning_summary_text.delta',
      sequence_number: 2,
      item_id: 'rs_1',
      output_index: 0,
      summary_index: 0,
      delta: 'hm',
    },
  },
  {
    event: 'response.output_item.done',
    data: {
      type: 'response.output_item.done',
      sequence_number: 3,
      output_index: 0,
      item: { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gA' },
    },
  },
  {
    event: 'response.output_item.added',
    data: {
      type: 'response.output_item.added',
      sequence_number: 4,
      output_index: 1,
      item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
    },
  },
  {
    event: 'response.content_part.added',
    data: {
      type: 'response.content_part.added',
      sequence_number: 5,
      item_id: 'msg_1',
      output_index: 1,
      content_index: 0,
      part: { type: 'output_text', text: '', annotations: [] },
    },
  },
  {
    event: 'response.output_text.delta',
    data: {
      type: 'response.output_text.delta',
      sequence_number: 6,
      item_id: 'msg_1',
      output_index: 1,
      content_index: 0,
      delta: 'Hello',
    },
  },
  {
    event: 'response.output_text.done',
    data: {
      type: 'response.output_text.done',
      sequence_number: 7,
      item_id: 'msg_1',
      output_index: 1,
      content_index: 0,
      text: 'Hello',
    },
  },
  {
    event: 'response.refusal.delta',
    data: {
      type: 'response.refusal.delta',
      sequence_number: 8,
      item_id: 'msg_1',
      output_index: 1,
      content_index: 1,
      delta: 'No',
    },
  },
  {
    event: 'response.output_item.added',
    data: {
      type: 'response.output_item.added',
      sequence_number: 9,
      output_index: 2,
      item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '' },
    },
  },
  {
    event: 'response.function_call_arguments.delta',
    data: {
      type: 'response.function_call_arguments.delta',
      sequence_number: 10,
      item_id: 'fc_1',
      output_index: 2,
      delta: '{"city"',
    },
  },
  {
    event: 'response.output_item.done',
    data: {
      type: 'response.output_item.done',
      sequence_number: 11,
      output_index: 2,
      item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":1}' },
    },
  },
  {
    event: 'response.completed',
    data: {
      type: 'response.completed',
      sequence_number: 12,
      response: {
        ...response,
        status: 'completed',
        output: [
          {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
          },
        ],
        usage: {
          input_tokens: 9,
          output_tokens: 4,
          total_tokens: 13,
          input_tokens_details: { cached_tokens: 2 },
          output_tokens_details: { reasoning_tokens: 1 },
        },
      },
    },
  },
];
