import type { OutcomeFact } from '../../../domain/facts/facts.ts';
import type { RawFact } from '../../../journal/index.ts';

const longestId = 200;

/** Reads an outcome as far as a charge needs it; undefined for facts of other kinds and for what cannot be read. */
export function readOutcome({ type, isReadable, body }: RawFact): OutcomeFact | undefined {
  if (type !== 'outcome' || !isReadable) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isOutcome(value) ? value : undefined;
  } catch {
    // Nobody is charged for what nobody can read.
    return undefined;
  }
}

function isOutcome(value: unknown): value is OutcomeFact {
  if (typeof value !== 'object' || value === null) return false;
  const { requestId, kind, atMs, value: worth } = value as Partial<Record<string, unknown>>;
  const isText = (text: unknown): boolean => typeof text === 'string' && text.length <= longestId;
  return isText(requestId) && isText(kind) && Number.isFinite(atMs) && (worth === undefined || Number.isFinite(worth));
}
