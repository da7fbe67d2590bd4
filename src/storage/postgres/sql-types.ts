import pg from 'pg';

const oids = { int8: 20, numeric: 1700, int8Array: 1016, numericArray: 1231 } as const;
const maxInt8 = 2n ** 63n - 1n;
const minInt8 = -(2n ** 63n);

/** Sums of int8 arrive as numeric: whole numbers within int8, or the query is wrong. */
function parseWholeNumber(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw new RangeError(`the database answered ${text} where a whole number was expected`);
  const value = BigInt(text);
  if (value > maxInt8 || value < minInt8) throw new RangeError(`${text} is outside the range of int8`);
  return value;
}

function parseWholeNumbers(text: string): (bigint | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : parseWholeNumber(item)));
}

/** By type of the column. */
export const wholeNumberParsers: ReadonlyMap<number, (text: string) => unknown> = new Map<
  number,
  (text: string) => unknown
>([
  [oids.int8, (text) => BigInt(text)],
  [oids.numeric, parseWholeNumber],
  [oids.int8Array, parseWholeNumbers],
  [oids.numericArray, parseWholeNumbers],
]);

/** How column values become JavaScript values: amounts are `bigint`, never a float. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : wholeNumberParsers.get(oid)) ??
    pg.types.getTypeParser(oid, format ?? 'text')) as pg.CustomTypesConfig['getTypeParser'],
};
