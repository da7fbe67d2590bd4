import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Prompt } from './prompt.ts';
import { countTokens } from './text.ts';

/** What the prompt cache did for one request. */
export interface CacheCount {
  readonly readTokens: number;
  readonly writtenTokens: number;
  readonly ttl: '5m' | '1h';
}

/** Nothing read, nothing written. */
export const noCache: CacheCount = { readTokens: 0, writtenTokens: 0, ttl: '5m' };

/** Remembers the leading turns of conversations, as providers do, so that lost cache hits can be measured. */
export interface PrefixCache {
  /** Looks the prompt up under the label and remembers its own prefixes. */
  visit(label: string, prompt: Prompt): CacheCount;
  clear(): void;
}

const maxEntries = 100_000;
const ttlMs = { '5m': 300_000, '1h': 3_600_000 } as const;

/** A prefix cache with the lifetimes of real ones; the least recently used entry leaves when it is full. */
export function createPrefixCache(clock: Clock): PrefixCache {
  const expiries = new Map<string, number>();
  return {
    visit: (label, prompt) => visitPrefixes(expiries, { label, prompt, nowMs: clock.monotonicMs() }),
    clear: () => expiries.clear(),
  };
}

interface Visit {
  readonly label: string;
  readonly prompt: Prompt;
  readonly nowMs: number;
}

function visitPrefixes(expiries: Map<string, number>, visit: Visit): CacheCount {
  const { turns, cacheByMark, tools } = visit.prompt;
  const lastMarked = cacheByMark ? turns.findLastIndex((turn) => turn.cacheMark !== undefined) : turns.length - 1;
  if (lastMarked < 0) return noCache;
  const ttl = turns.some((turn) => turn.cacheMark === '1h') ? '1h' : '5m';
  const toolNames = tools.map((tool) => tool.name).join(',');
  const hash = createHash('sha256').update(`${visit.label}\n${visit.prompt.model}\n${toolNames}`);
  let tokens = 0;
  let readTokens = 0;
  for (const turn of turns.slice(0, lastMarked + 1)) {
    tokens += countTokens(turn.text);
    const entry = hash.update(`\n${turn.role}\n${turn.text}`).copy().digest('base64');
    if ((expiries.get(entry) ?? -1) > visit.nowMs) readTokens = tokens;
    remember(expiries, entry, visit.nowMs + ttlMs[ttl]);
  }
  return { readTokens, writtenTokens: tokens - readTokens, ttl };
}

function remember(expiries: Map<string, number>, entry: string, expiresAtMs: number): void {
  expiries.delete(entry);
  expiries.set(entry, expiresAtMs);
  if (expiries.size <= maxEntries) return;
  const [oldest] = expiries.keys();
  if (oldest !== undefined) expiries.delete(oldest);
}
