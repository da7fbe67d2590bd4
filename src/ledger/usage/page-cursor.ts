import { LedgerError } from '../ledger-error.ts';

/** Writes the place behind a row, in a form that nobody should take apart. */
export function encodeCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');
}

/** Reads a place; undefined without a cursor. Throws for what was never one. */
export function decodeCursor(cursor: string | undefined): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(place) && place.every((part) => typeof part === 'string')) return place;
  } catch {
    // Falls through: what cannot be read is no cursor.
  }
  throw new LedgerError('invalid', 'cursor');
}
