import { Fault } from '../../domain/faults/fault.ts';
import type { SandboxRecord } from '../../runtime/index.ts';

/** A page of sandboxes and how to ask for the next one. */
export interface ListPage {
  readonly records: readonly SandboxRecord[];
  readonly nextToken: string | undefined;
}

const mostPerPage = 100;

/** Picks what a list asks for. A token names the last one that was shown, so pages hold when sandboxes come and go. */
export function listPage(all: readonly SandboxRecord[], query: URLSearchParams): ListPage {
  const isAscending = query.get('order') === 'asc';
  const wanted = wantedMetadata(query.get('metadata'));
  const states = query.getAll('state').flatMap((text) => text.split(','));
  const template = query.get('template');
  const after = readTime(query.get('startedAfter'));
  const limit = readLimit(query.get('limit'));
  const sorted = all
    .filter(({ state }) => states.length === 0 || states.includes(state))
    .filter((record) => template === null || record.template === template)
    .filter(({ startedAtMs }) => startedAtMs > after)
    .filter(({ metadata }) => wanted.every(([key, value]) => Object.hasOwn(metadata, key) && metadata[key] === value))
    .sort((one, other) => (isAscending ? 1 : -1) * compare(one, other));
  const token = readToken(query.get('nextToken'));
  const rest = token === undefined ? sorted : sorted.filter((one) => (isAscending ? 1 : -1) * compare(one, token) > 0);
  const records = rest.slice(0, limit);
  const last = records.at(-1);
  const hasMore = last !== undefined && rest.length > records.length;
  return { records, nextToken: hasMore ? writeToken(last) : undefined };
}

interface Place {
  readonly startedAtMs: number;
  readonly id: string;
}

function compare(one: Place, other: Place): number {
  if (one.startedAtMs !== other.startedAtMs) return one.startedAtMs - other.startedAtMs;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

function writeToken({ startedAtMs, id }: Place): string {
  return Buffer.from(`${startedAtMs}:${id}`).toString('base64url');
}

function readToken(text: string | null): Place | undefined {
  if (text === null || text === '') return undefined;
  const [, time, id] = /^(\d{1,16}):([a-z0-9]+)$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (time === undefined || id === undefined) throw wrong('nextToken', 'is not one that was given');
  return { startedAtMs: Number(time), id };
}

/** A query string inside a parameter, whose names and values are encoded once more. */
function wantedMetadata(text: string | null): [string, string][] {
  try {
    return [...new URLSearchParams(text ?? '')].map(([key, value]) => [
      decodeURIComponent(key),
      decodeURIComponent(value),
    ]);
  } catch {
    throw wrong('metadata', 'is not encoded rightly');
  }
}

function readTime(text: string | null): number {
  if (text === null) return -1;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw wrong('startedAfter', 'is no time');
  return atMs;
}

function readLimit(text: string | null): number {
  if (text === null) return mostPerPage;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1) return Math.min(limit, mostPerPage);
  throw wrong('limit', 'must be a whole number from 1');
}

function wrong(param: string, sentence: string): Fault {
  return new Fault('invalid_request', { message: `\`${param}\` ${sentence}.`, param });
}
