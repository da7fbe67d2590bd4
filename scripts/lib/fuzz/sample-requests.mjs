// @ts-check
// Requests that use every known field of a dialect: mutation starts from what a reader looks at.

const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } },
  required: ['city'],
  additionalProperties: false,
};
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const chat = {
  model: 'sim/small',
  stream: true,
  stream_options: { include_usage: true },
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'In English.' }] },
    {
      role: 'user',
      name: 'ada',
      content: [
        { type: 'text', text: 'What is this? 🙂' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}`, detail: 'low' } },
        { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    { role: 'user', content: 'And tomorrow?' },
  ],
  tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: schema, strict: true } }],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  parallel_tool_calls: true,
  response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
  temperature: 0.5,
  top_p: 0.9,
  n: 1,
  stop: ['END', '\n\n'],
  seed: 9_007_199_254_740_991,
  max_tokens: 64,
  max_completion_tokens: 64,
  logit_bias: { 50_256: -100 },
  logprobs: true,
  top_logprobs: 2,
  presence_penalty: 0.1,
  frequency_penalty: 0.1,
  user: 'u-1',
  metadata: { job: 'support' },
  store: false,
  service_tier: 'auto',
  reasoning_effort: 'low',
  prompt_cache_key: 'c-1',
  modalities: ['text'],
  audio: { voice: 'alloy', format: 'mp3' },
  prediction: { type: 'content', content: 'x' },
  functions: [{ name: 'old', parameters: schema }],
  function_call: 'auto',
  web_search_options: {},
};

const responses = {
  model: 'sim/small',
  stream: true,
  instructions: 'Be brief.',
  input: [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is this?' }] },
    { role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'low' }] },
    {
      role: 'user',
      content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVB=' }],
    },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'thinking' }], encrypted_content: 'gAAA' },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":"Bonn"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Sunny.', annotations: [] }] },
    { type: 'item_reference', id: 'msg_1' },
  ],
  tools: [{ type: 'function', name: 'weather', parameters: schema, strict: true }, { type: 'web_search' }],
  tool_choice: { type: 'function', name: 'weather' },
  parallel_tool_calls: true,
  text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  temperature: 0.5,
  top_p: 0.9,
  max_output_tokens: 64,
  max_tool_calls: 3,
  metadata: { job: 'support' },
  store: false,
  previous_response_id: null,
  include: ['reasoning.encrypted_content'],
  truncation: 'auto',
  user: 'u-1',
  prompt_cache_key: 'c-1',
  service_tier: 'auto',
  background: false,
  conversation: null,
};

const messages = {
  model: 'sim/small',
  stream: true,
  max_tokens: 2048,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?', cache_control: { type: 'ephemeral' } },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 't' },
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'text' },
          citations: { enabled: true },
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'xx' },
        { type: 'text', text: 'Let me look.' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: false, content: [{ type: 'text', text: 'sunny' }] },
        { type: 'search_result', source: 'https://a.example', title: 'a', content: [{ type: 'text', text: 'b' }] },
      ],
    },
  ],
  tools: [
    { name: 'weather', description: 'd', input_schema: schema, cache_control: { type: 'ephemeral' } },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
  ],
  tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 1024 },
  output_config: { format: { type: 'json_schema', schema }, effort: 'low' },
  temperature: 1,
  top_p: 0.9,
  top_k: 40,
  stop_sequences: ['END'],
  metadata: { user_id: 'u-1' },
  service_tier: 'auto',
  container: null,
  mcp_servers: [],
  context_management: {},
};

const gemini = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'What is this?' },
        { inlineData: { mimeType: 'image/png', data: pixel } },
        { fileData: { mimeType: 'application/pdf', fileUri: 'gs://a/b.pdf' } },
      ],
    },
    {
      role: 'model',
      parts: [
        { text: 'hm', thought: true, thoughtSignature: 'sig' },
        { functionCall: { id: 'c1', name: 'weather', args: { city: 'Bonn' } } },
      ],
    },
    { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'weather', response: { result: 'sunny' } } }] },
  ],
  tools: [{ functionDeclarations: [{ name: 'weather', description: 'd', parameters: schema }] }, { googleSearch: {} }],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
  safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
  generationConfig: {
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    maxOutputTokens: 64,
    stopSequences: ['END'],
    candidateCount: 1,
    responseMimeType: 'application/json',
    responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } } },
    thinkingConfig: { thinkingBudget: 128, includeThoughts: true },
    seed: 1,
    presencePenalty: 0.1,
    responseLogprobs: true,
    logprobs: 1,
  },
  cachedContent: 'cachedContents/x',
  labels: { job: 'support' },
};

/**
 * One sample request of each inbound dialect, with the route it is sent to.
 * @type {readonly { readonly dialect: string, readonly path: string, readonly body: any }[]}
 */
export const sampleRequests = [
  { dialect: 'openai-chat', path: '/v1/chat/completions', body: chat },
  { dialect: 'openai-responses', path: '/v1/responses', body: responses },
  { dialect: 'anthropic-messages', path: '/v1/messages', body: messages },
  { dialect: 'gemini', path: '/v1beta/models/sim%2Fsmall:streamGenerateContent', body: gemini },
];
