/** Streams come in this many pieces of content, each an HTTP chunk of its own. */
export const chunksPerStream = 20;

const words = Array.from({ length: chunksPerStream }, (_, index) => `word${index} `);

/** What every prepared answer reports, in the words of its dialect. */
export const chatUsage = { prompt_tokens: 180, completion_tokens: 20, total_tokens: 200 };
export const messagesUsage = { input_tokens: 180, output_tokens: 20 };
const responsesUsage = { input_tokens: 180, output_tokens: 20, total_tokens: 200 };

/** Head of every streamed answer. */
export const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
);

/** Last bytes of every streamed answer. */
export const streamEnd = Buffer.from('0\r\n\r\n');

/** One HTTP chunk around the text of an event. */
export function httpChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** A chat chunk with a piece of content. */
export function chatDelta(content: string): string {
  return chatEvent({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
}

/** The chunks that end a chat stream. */
export function chatEnding(): string[] {
  return [
    chatEvent({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    chatEvent({ choices: [], usage: chatUsage }),
    'data: [DONE]\n\n',
  ];
}

/** A whole HTTP answer with a JSON body. */
export function wholeAnswer(body: object): Buffer {
  const text = JSON.stringify(body);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n`;
  return Buffer.from(head + text);
}

/** A whole HTTP answer in chunks, one for each event. */
export function streamedAnswer(events: readonly string[]): Buffer {
  return Buffer.concat([streamHead, Buffer.from(events.map(httpChunk).join('')), streamEnd]);
}

/** Fields that every chat object begins with. */
export function chatHead(object: string): object {
  return { id: 'chatcmpl-bench', object, created: 1_760_000_000, model: 'upstream-model' };
}

function chatEvent(rest: object): string {
  return `data: ${JSON.stringify({ ...chatHead('chat.completion.chunk'), ...rest })}\n\n`;
}

/** Events of a chat stream but for its last. */
export function chatEvents(): string[] {
  const opening = chatEvent({
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
  });
  const [finish = '', usage = ''] = chatEnding();
  return [opening, ...words.map(chatDelta), finish, usage];
}

/** Fields that every message begins with. */
export function messagesHead(): object {
  return { id: 'msg_bench', type: 'message', role: 'assistant', model: 'upstream-model', stop_sequence: null };
}

function namedEvent(event: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Events of a messages stream. */
export function messagesEvents(): string[] {
  const message = { ...messagesHead(), content: [], stop_reason: null, usage: { input_tokens: 180, output_tokens: 1 } };
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...words.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: messagesUsage },
    { type: 'message_stop' },
  ].map(namedEvent);
}

function outputMessage(status: string): object {
  const content = status === 'completed' ? [{ type: 'output_text', text: words.join(''), annotations: [] }] : [];
  return { id: 'item_bench', type: 'message', role: 'assistant', status, content };
}

/** The response object at the beginning and at the end. */
export function responseObject(status: 'completed' | 'in_progress'): object {
  const isDone = status === 'completed';
  return {
    id: 'resp_bench',
    object: 'response',
    created_at: 1_760_000_000,
    status,
    model: 'upstream-model',
    error: null,
    incomplete_details: null,
    output: isDone ? [outputMessage('completed')] : [],
    usage: isDone ? responsesUsage : null,
  };
}

/** Events of a responses stream. */
export function responsesEvents(): string[] {
  const place = { output_index: 0, item_id: 'item_bench', content_index: 0 };
  const part = { type: 'output_text', text: '', annotations: [] };
  const whole = { ...part, text: words.join('') };
  return [
    { type: 'response.created', response: responseObject('in_progress') },
    { type: 'response.in_progress', response: responseObject('in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: outputMessage('in_progress') },
    { type: 'response.content_part.added', ...place, part },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
    { type: 'response.output_text.done', ...place, text: words.join('') },
    { type: 'response.content_part.done', ...place, part: whole },
    { type: 'response.output_item.done', output_index: 0, item: outputMessage('completed') },
    { type: 'response.completed', response: responseObject('completed') },
  ].map((event, index) => namedEvent({ ...event, sequence_number: index }));
}
