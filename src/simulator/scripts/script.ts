/** Point in an answer: before the status line, after the status line, after n content chunks, or after the finish reason. */
export type Position = number | 'headers' | 'body' | 'finish';

/**
 * How the simulator behaves for one request. The names are those of the compact grammar (`?delay=50&cut=3`), so one
 * word serves the model suffix, the header, the control route and the code; times are milliseconds.
 */
export interface Script {
  // Answer
  readonly reply?: string;
  readonly length?: number;
  readonly chunks?: number;
  readonly huge?: number;
  readonly reasoning?: number;
  readonly empty?: boolean;
  readonly refuse?: number;
  readonly filter?: boolean;
  readonly stamp?: boolean;
  // Pace
  readonly delay?: number;
  readonly gap?: number;
  readonly headersDelay?: number;
  readonly slowRead?: number;
  // Bytes
  readonly bytes?: number;
  readonly eol?: 'lf' | 'crlf' | 'cr';
  readonly bom?: boolean;
  readonly pad?: boolean;
  readonly comments?: boolean;
  readonly noFinalNewline?: boolean;
  readonly noDone?: boolean;
  // Faults
  readonly cut?: Position;
  readonly cutHow?: 'end' | 'close' | 'reset';
  readonly stall?: Position;
  readonly malformed?: number;
  readonly error?: number;
  readonly errorCode?: string;
  readonly fail?: string;
  readonly retry?: string;
  readonly errorBody?: 'html' | 'string' | 'detail' | 'empty';
  readonly first?: number;
  readonly after?: number;
  readonly chance?: number;
  readonly seed?: number;
  readonly key?: string;
  // Quirks
  readonly usage?: string;
  readonly tools?: string;
  readonly calls?: number;
  readonly start?: 'duplicate' | 'spliced';
  readonly thinking?: 'signed' | 'redacted' | 'signature-only' | 'unsigned';
  readonly signatures?: 'strict';
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'think-tags' | 'none';
  readonly prefill?: 'accept' | 'reject';
  readonly streamOptions?: 'reject';
  readonly schema?: 'reject' | 'ignore' | 'invalid';
  readonly strict?: boolean;
  readonly cache?: string;
}

type ValueKind = 'number' | 'flag' | 'text' | 'position' | readonly string[];

/** One word of the grammar. */
export interface ScriptKey {
  readonly name: keyof Script;
  readonly kind: ValueKind;
  readonly help: string;
  /** Switched off while `first`, `after` or `chance` say that this request is to go well. */
  readonly fault?: true;
}

/** Tool-call and usage quirks seen at hosts that call themselves compatible. */
const toolQuirks = [
  'off',
  'text',
  'whole',
  'no-index',
  'zero-index',
  'no-id',
  'repeat-id',
  'empty-name',
  'empty-args',
  'null-args',
  'no-args',
  'cut-args',
  'interleaved',
  'wrapped',
  'rotate-ids',
  'partial-args',
  'partial-args-open',
  'google-signature',
  'finish-stop',
] as const;

/** Where and how a host reports usage. */
const usageQuirks = [
  'none',
  'null',
  'always',
  'finish',
  'x_groq',
  'hit-miss',
  'choice',
  'reasoning-outside',
  'each',
  'wrong',
  'zero',
  'corrected',
] as const;

const faultKey = (name: keyof Script, kind: ValueKind, help: string): ScriptKey => ({ name, kind, help, fault: true });
const key = (name: keyof Script, kind: ValueKind, help: string): ScriptKey => ({ name, kind, help });

/** Every word of the grammar, in the order of the help text. */
export const scriptKeys: readonly ScriptKey[] = [
  key('reply', 'text', 'answer exactly this text'),
  key('length', 'number', 'answer with text of this many characters'),
  key('chunks', 'number', 'answer in this many content chunks'),
  key('huge', 'number', 'answer with this many MiB of text'),
  key('reasoning', 'number', 'think first, in this many chunks'),
  faultKey('empty', 'flag', 'end well without any content'),
  faultKey('refuse', 'number', 'refuse after this many content chunks (0: at once)'),
  faultKey('filter', 'flag', 'end with the finish reason of a content filter'),
  key('stamp', 'flag', 'put the send time in epoch milliseconds into every chunk'),
  faultKey('delay', 'number', 'ms before the first content'),
  key('gap', 'number', 'ms between content chunks'),
  faultKey('headersDelay', 'number', 'ms before the status line'),
  key('slowRead', 'number', 'ms before the request body is read (header or default script only)'),
  key('bytes', 'number', 'write the stream in pieces of this many bytes'),
  key('eol', ['lf', 'crlf', 'cr'], 'line ends of the stream'),
  key('bom', 'flag', 'start the stream with a byte order mark'),
  key('pad', 'flag', 'pad the JSON of events with spaces'),
  key('comments', 'flag', 'put a comment before every event'),
  key('noFinalNewline', 'flag', 'leave out the last newline of the stream'),
  key('noDone', 'flag', 'leave out `data: [DONE]`'),
  faultKey('cut', 'position', 'stop there: headers, body, a number of content chunks, or finish'),
  key('cutHow', ['end', 'close', 'reset'], 'how `cut` stops: clean end (default), connection closed, TCP reset'),
  faultKey('stall', 'position', 'go silent there for ever'),
  faultKey('malformed', 'number', 'damage the event after this many content chunks; the body when not streaming'),
  faultKey('error', 'number', 'error event after this many content chunks (0: after the lifecycle events)'),
  key('errorCode', 'text', 'which failure `error` reports: a value of `fail`, default 503'),
  faultKey(
    'fail',
    'text',
    'answer with this failure: 400 401 402 403 404 408 413 422 429 500 502 503 504 529 quota context filter',
  ),
  key('retry', 'text', 'with `fail`: seconds:N, date:N, ms:N, reset:N, google:N, comma-separated'),
  key('errorBody', ['html', 'string', 'detail', 'empty'], 'unusual body of `fail`'),
  key('first', 'number', 'only the first k requests of this script fail'),
  key('after', 'number', 'the first k requests of this script go well, later ones fail'),
  key('chance', 'number', 'requests fail with this probability (0 to 1)'),
  key('seed', 'number', 'seed of `chance`'),
  key('key', 'text', 'name under which `first`, `after` and `chance` count'),
  key('usage', usageQuirks, 'where and how usage is reported'),
  key('tools', toolQuirks, 'quirk of tool calls; off: never call, text: answer in text'),
  key('calls', 'number', 'call this many tools in parallel'),
  faultKey('start', ['duplicate', 'spliced'], 'messages: start event twice, or a second message spliced in'),
  key('thinking', ['signed', 'redacted', 'signature-only', 'unsigned'], 'messages: form of the thinking block'),
  key('signatures', ['strict'], 'refuse earlier thinking whose signature is not ours'),
  key('reasoningField', ['reasoning_content', 'reasoning', 'think-tags', 'none'], 'chat: where thinking is shown'),
  key('prefill', ['accept', 'reject'], 'continue or refuse an assistant message in last place'),
  key('streamOptions', ['reject'], 'chat: 400 for stream_options'),
  faultKey('schema', ['reject', 'ignore', 'invalid'], 'structured output: refuse, answer in text, or break the schema'),
  key('strict', 'flag', '400 for unknown fields'),
  key('cache', 'text', 'label of a prefix cache whose hits are reported in usage'),
];

const keysByName = new Map<string, ScriptKey>(scriptKeys.map((entry) => [entry.name, entry]));
const positions = new Set(['headers', 'body', 'finish']);

/** A script that says something the grammar does not know; the simulator answers 400 with its message. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** A model name taken apart: the name itself and the script behind `?` or `;`. */
export interface ScriptedModel {
  readonly model: string;
  readonly scriptText: string;
}

/** Splits `gpt-mock?delay=50&cut=3` or, safe inside URL paths, `gpt-mock;delay=50;cut=3`. */
export function splitScriptedModel(name: string): ScriptedModel {
  const at = name.search(/[?;]/);
  if (at < 0) return { model: name, scriptText: '' };
  return { model: name.slice(0, at), scriptText: name.slice(at + 1) };
}

/** Reads a script in the compact grammar or as JSON object; throws `ScriptError`. */
export function parseScript(text: string): Script {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  if (trimmed.startsWith('{')) return parseJsonScript(trimmed);
  const script: Record<string, unknown> = {};
  for (const pair of trimmed.split(/[&;]/)) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    script[name] = readValue(name, at < 0 ? 'true' : decodeText(pair.slice(at + 1)));
  }
  return script as Script;
}

/** Checks a script given as a plain object, as the control route receives it; throws `ScriptError`. */
export function scriptFromObject(source: object): Script {
  const script: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || value === null) continue;
    script[name] = readValue(name, String(value));
  }
  return script as Script;
}

/** The script without its faults, for requests that are to go well. */
export function withoutFaults(script: Script): Script {
  return Object.fromEntries(Object.entries(script).filter(([name]) => keysByName.get(name)?.fault !== true)) as Script;
}

function parseJsonScript(text: string): Script {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ScriptError('the script is not valid JSON');
  }
  return scriptFromObject(parsed as object);
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function readValue(name: string, text: string): unknown {
  const entry = keysByName.get(name);
  if (entry === undefined) throw new ScriptError(`unknown script word "${name}"`);
  if (entry.kind === 'text') return text;
  if (entry.kind === 'flag') return text !== 'false' && text !== '0';
  if (entry.kind === 'position' && positions.has(text)) return text;
  if (typeof entry.kind === 'object') {
    if (entry.kind.includes(text)) return text;
    throw new ScriptError(`"${name}" must be one of ${entry.kind.join(', ')}`);
  }
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new ScriptError(`"${name}" must be a number that is not negative`);
  return value;
}
