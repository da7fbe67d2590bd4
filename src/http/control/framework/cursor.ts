import { InputFault } from './input-fault.ts';

/** Place after the last row of a page: the values it was sorted by. Stable, since it names a row and not a count. */
export type CursorPlace = readonly (string | number)[];

/** One page of rows. */
export interface Page<Row> {
  readonly data: Row[];
  readonly nextCursor: string | null;
}

/** Cuts the page from rows that were read with one more than its limit. */
export function toPage<Row>(rows: readonly Row[], limit: number, placeOf: (row: Row) => CursorPlace): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? writeCursor(placeOf(last)) : null };
}

/** Makes the opaque text of a place. */
export function writeCursor(place: CursorPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Reads a cursor back. Throws an InputFault for one that we did not make. */
export function readCursor(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): CursorPlace | undefined {
  if (cursor === undefined) return undefined;
  const place = parse(cursor);
  const isOurs = place?.length === kinds.length && kinds.every((kind, at) => isOfKind(place[at], kind));
  if (place !== undefined && isOurs) return place as CursorPlace;
  throw new InputFault([{ field: 'cursor', detail: 'must be the nextCursor of the page before' }]);
}

function parse(cursor: string): readonly unknown[] | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(place) ? place : undefined;
  } catch {
    // Somebody else's text.
    return undefined;
  }
}

function isOfKind(value: unknown, kind: 'string' | 'number'): boolean {
  if (kind === 'number') return Number.isSafeInteger(value);
  return typeof value === 'string' && value.length <= 256 && !/\p{Cc}/u.test(value);
}
