import type { InboundDialectId } from '../../../src/domain/calls/dialect.ts';
import type { RawAnswer } from '../../fake-upstream/index.ts';

/** The four dialects clients speak. */
export const clientDialects = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;

/** What a client made of an answer, read without any of the product's own code. */
export interface ClientView {
  readonly status: number;
  /**
   * `answer`: ended well. `error`: HTTP error in the dialect. `in-band`: error in the stream, in the dialect. `silent`:
   * a clean end without a finish reason, which must never be. `broken`: anything else.
   */
  readonly kind: 'answer' | 'error' | 'in-band' | 'silent' | 'broken' | 'hang';
  readonly text: string;
  readonly finish: string | undefined;
  /** Code and type of an error in the words of the dialect. */
  readonly errorCode: string | undefined;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  /** Distinct answer ids seen in the stream. */
  readonly ids: readonly string[];
  readonly requestId: string;
  readonly retryAfterS: number | undefined;
  readonly attempts: number | undefined;
  readonly raw: string;
}

type Json = { readonly [name: string]: unknown };

/** Path and body of a request that asks for plain text. */
export function requestOf(
  dialect: InboundDialectId,
  ask: { model: string; stream: boolean; text?: string; more?: object },
): { path: string; body: object } {
  const { model, stream, text = 'Say something.', more } = ask;
  switch (dialect) {
    case 'openai-chat': {
      const options = stream ? { stream: true, stream_options: { include_usage: true } } : {};
      return {
        path: '/v1/chat/completions',
        body: { model, messages: [{ role: 'user', content: text }], ...options, ...more },
      };
    }
    case 'openai-responses':
      return { path: '/v1/responses', body: { model, input: text, stream, ...more } };
    case 'anthropic-messages': {
      const body = { model, max_tokens: 100_000_000, stream, messages: [{ role: 'user', content: text }], ...more };
      return { path: '/v1/messages', body };
    }
    case 'gemini': {
      const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      const body = { contents: [{ role: 'user', parts: [{ text }] }], ...more };
      return { path: `/v1beta/models/${model}:${method}`, body };
    }
  }
}

/** Reads an answer as a client of the dialect would. */
export function viewAnswer(dialect: InboundDialectId, isStream: boolean, answer: RawAnswer): ClientView {
  const header = (name: string): string | undefined => {
    const value = answer.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const retryAfter = header('retry-after');
  const attempts = header('x-switchyard-attempts');
  const base: ClientView = {
    status: answer.status,
    kind: 'broken',
    text: '',
    finish: undefined,
    errorCode: undefined,
    errorType: undefined,
    errorMessage: undefined,
    ids: [],
    requestId: header('x-switchyard-request-id') ?? '',
    retryAfterS: retryAfter === undefined ? undefined : Number(retryAfter),
    attempts: attempts === undefined ? undefined : Number(attempts),
    raw: answer.text,
  };
  if (!answer.isComplete) return base;
  if (answer.status !== 200) {
    const error = errorOf(dialect, parse(answer.text));
    return error ? { ...base, kind: 'error', ...error } : base;
  }
  return isStream ? { ...base, ...readStream(dialect, answer.text) } : { ...base, ...readWhole(dialect, answer.text) };
}

/** The `data` of every event of a stream, in order; `undefined` for one that is not JSON. */
export function readEvents(text: string): readonly (Json | '[DONE]' | undefined)[] {
  return text
    .split('\n\n')
    .map((block) =>
      block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n'),
    )
    .filter((data) => data !== '')
    .map((data) => (data.trim() === '[DONE]' ? '[DONE]' : parse(data)));
}

function readWhole(dialect: InboundDialectId, text: string): Partial<ClientView> {
  const body = parse(text);
  if (!body) return { kind: 'broken' };
  const said = pickWhole(dialect, body);
  return { kind: said.finish === undefined ? 'silent' : 'answer', ...said };
}

function pickWhole(dialect: InboundDialectId, body: Json): { text: string; finish: string | undefined } {
  switch (dialect) {
    case 'openai-chat': {
      const choice = at(body, 'choices', 0);
      return { text: textAt(choice, 'message', 'content') ?? '', finish: textAt(choice, 'finish_reason') };
    }
    case 'openai-responses':
      return { text: responseText(body), finish: textAt(body, 'status') };
    case 'anthropic-messages':
      return { text: join(at(body, 'content')), finish: textAt(body, 'stop_reason') };
    case 'gemini': {
      const candidate = at(body, 'candidates', 0);
      return { text: join(at(candidate, 'content', 'parts')), finish: textAt(candidate, 'finishReason') };
    }
  }
}

interface StreamReading {
  text: string;
  finish: string | undefined;
  hasEnd: boolean;
  error: Partial<ClientView> | undefined;
  afterError: boolean;
  readonly ids: Set<string>;
}

function readStream(dialect: InboundDialectId, text: string): Partial<ClientView> {
  const reading: StreamReading = {
    text: '',
    finish: undefined,
    hasEnd: false,
    error: undefined,
    afterError: false,
    ids: new Set(),
  };
  const events = readEvents(text);
  for (const event of events) {
    if (reading.error && dialect !== 'openai-responses') reading.afterError = true;
    if (event === '[DONE]') reading.hasEnd = dialect === 'openai-chat';
    else if (event) readEvent(dialect, event, reading);
  }
  const { finish, error, ids } = reading;
  const said = { text: reading.text, finish, ids: [...ids] };
  const isWellEnded = finish !== undefined && reading.hasEnd;
  if (error && (isWellEnded || reading.afterError)) return { kind: 'broken', ...said };
  if (error) return { kind: 'in-band', ...said, ...error };
  return { kind: isWellEnded ? 'answer' : 'silent', ...said };
}

function readEvent(dialect: InboundDialectId, event: Json, reading: StreamReading): void {
  const note = (id: unknown): void => {
    if (typeof id === 'string' && id !== '') reading.ids.add(id);
  };
  switch (dialect) {
    case 'openai-chat': {
      note(event['id']);
      reading.text += textAt(event, 'choices', 0, 'delta', 'content') ?? '';
      reading.finish ??= textAt(event, 'choices', 0, 'finish_reason');
      reading.error ??= errorOf(dialect, event);
      return;
    }
    case 'openai-responses':
      return readResponsesEvent(event, reading, note);
    case 'anthropic-messages': {
      note(at(event, 'message', 'id'));
      reading.text += textAt(event, 'delta', 'text') ?? '';
      reading.finish ??= textAt(event, 'delta', 'stop_reason');
      if (event['type'] === 'message_stop') reading.hasEnd = true;
      if (event['type'] === 'error') reading.error ??= errorOf(dialect, event);
      return;
    }
    case 'gemini': {
      note(event['responseId']);
      reading.text += join(at(event, 'candidates', 0, 'content', 'parts'));
      reading.finish ??= textAt(event, 'candidates', 0, 'finishReason');
      // The dialect has no last frame: the finish reason is all there is.
      reading.hasEnd = reading.finish !== undefined;
      reading.error ??= errorOf(dialect, event);
    }
  }
}

function readResponsesEvent(event: Json, reading: StreamReading, note: (id: unknown) => void): void {
  note(at(event, 'response', 'id'));
  const type = event['type'];
  if (type === 'response.output_text.delta') reading.text += textAt(event, 'delta') ?? '';
  if (type === 'response.completed' || type === 'response.incomplete') {
    reading.finish = textAt(event, 'response', 'status');
    reading.hasEnd = true;
  }
  if (type === 'error') {
    const errorCode = textAt(event, 'code') ?? textAt(event, 'error', 'code');
    const errorMessage = textAt(event, 'message') ?? textAt(event, 'error', 'message');
    reading.error = { errorCode, errorMessage, errorType: 'error without response.failed' };
  }
  if (type === 'response.failed' && reading.error) reading.error = { ...reading.error, errorType: 'response.failed' };
}

function errorOf(dialect: InboundDialectId, body: Json | undefined): Partial<ClientView> | undefined {
  const error = at(body, 'error');
  if (typeof error !== 'object' || error === null) return undefined;
  const errorMessage = textAt(error, 'message');
  if (errorMessage === undefined) return undefined;
  if (dialect === 'anthropic-messages') {
    if (at(body, 'type') !== 'error') return undefined;
    return { errorType: textAt(error, 'type'), errorMessage };
  }
  if (dialect === 'gemini') {
    return {
      errorCode: textAt(error, 'details', 0, 'reason')?.toLowerCase(),
      errorType: textAt(error, 'status'),
      errorMessage,
    };
  }
  return { errorCode: textAt(error, 'code'), errorType: textAt(error, 'type'), errorMessage };
}

function responseText(body: unknown): string {
  const output = at(body, 'output');
  return Array.isArray(output) ? output.map((item: unknown) => join(at(item, 'content'))).join('') : '';
}

function join(parts: unknown): string {
  return Array.isArray(parts) ? parts.map((part: unknown) => textAt(part, 'text') ?? '').join('') : '';
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as { readonly [name: string | number]: unknown })[name];
  }
  return current;
}

function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
