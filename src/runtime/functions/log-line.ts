import { logMark } from './entry-module.ts';

/** One line that an app wrote, framed by the supervisor: guest text is nothing but the value of `text`. */
export interface LogLine {
  /** Grows with each line of this gateway, for readers who follow. */
  readonly sequence: number;
  readonly atMs: number;
  readonly app: string;
  readonly version: string;
  /** `system`: written by the supervisor. */
  readonly stream: 'stdout' | 'stderr' | 'system';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly requestId?: string;
  readonly text: string;
  /** Bytes that were cut from the text. */
  readonly truncatedBytes?: number;
}

/** What the pipe of a process said in one line. */
export type ReadLine = Pick<LogLine, 'level' | 'text'> & { readonly requestId?: string };

/** Longest text of one line. */
export const maxTextBytes = 16 * 1024;

const levels: ReadonlyMap<unknown, LogLine['level']> = new Map([
  ['debug', 'debug'],
  ['trace', 'debug'],
  ['log', 'info'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['fatal', 'error'],
] as const);

const idPattern = /^[a-z]{1,16}_[0-9a-z]{1,64}$/;

/** Reads a line of the engine's own framing; what is not in it is text as it stands. */
export function readLogLine(line: string): ReadLine {
  const framed = parse(line);
  if (typeof framed?.['message'] !== 'string') return { level: 'info', text: line };
  const level = levels.get(framed['level']) ?? 'info';
  const message = framed['message'];
  const end = message.startsWith(logMark) ? message.indexOf(logMark, 1) : -1;
  if (end < 0) return { level, text: message };
  const requestId = message.slice(1, end);
  const text = message.slice(end + 1).replace(/^ /, '');
  return { level, text, ...(idPattern.test(requestId) && { requestId }) };
}

function parse(line: string): { readonly [name: string]: unknown } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as { readonly [name: string]: unknown };
  } catch {
    // Guest text that begins with a brace.
    return undefined;
  }
}

/** Makes what hides secrets in text, longest first, so that none survives as a part of another. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets.filter(({ length }) => length >= 4).sort((left, right) => right.length - left.length);
  if (hidden.length === 0) return (text) => text;
  return (text) => hidden.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text);
}

/** Cuts text to what a line may hold, at a character. */
export function cutText(text: string): { readonly text: string; readonly truncatedBytes?: number } {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= maxTextBytes) return { text };
  const kept = Buffer.from(text)
    .subarray(0, maxTextBytes)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  return { text: kept, truncatedBytes: sizeBytes - Buffer.byteLength(kept) };
}
