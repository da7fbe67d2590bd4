import { type RawBuilder, sql } from 'kysely';

/** A value of a row that is sent in bulk. */
export type BulkValue = string | number | bigint | boolean | null;

/** One column of many rows. */
export interface BulkColumn {
  readonly name: string;
  readonly type: 'text' | 'bigint' | 'integer' | 'boolean' | 'real';
  readonly values: readonly BulkValue[];
}

/**
 * Rows as a table to select from. Each column is one array, which the server takes apart several times faster than it
 * does JSON; a column that has the same value throughout is sent as that value.
 */
export function bulkRows(columns: readonly BulkColumn[]): RawBuilder<unknown> {
  const varying = columns.filter(({ values }) => !isUniform(values));
  const selected = columns.map(({ name, type, values }) =>
    varying.some((column) => column.name === name)
      ? sql.ref(name)
      : sql`${parameterOf(values[0])}::${sql.raw(type)} AS ${sql.ref(name)}`,
  );
  if (varying.length === 0) {
    const count = columns[0]?.values.length ?? 0;
    return sql`(SELECT ${sql.join(selected)} FROM generate_series(1, ${count}::integer)) AS rows`;
  }
  const arrays = varying.map((column) => sql`${arrayText(column)}::${sql.raw(column.type)}[]`);
  const names = varying.map(({ name }) => sql.ref(name));
  return sql`(SELECT ${sql.join(selected)} FROM unnest(${sql.join(arrays)}) AS r(${sql.join(names)})) AS rows`;
}

function isUniform(values: readonly BulkValue[]): boolean {
  const [first] = values;
  return values.every((value) => value === first);
}

function parameterOf(value: BulkValue | undefined): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** An array as Postgres reads it; written here, since the driver's own way takes a detour for every value. */
function arrayText({ type, values }: BulkColumn): string {
  if (type !== 'text') return `{${values.map(plain).join(',')}}`;
  // Names and ids need no escapes: one look at all of them instead of one at each.
  const isPlain = !values.includes(null) && !escaped.test(values.join(','));
  return isPlain ? `{"${values.join('","')}"}` : `{${values.map(quoted).join(',')}}`;
}

function plain(value: BulkValue): string | number | bigint | boolean {
  return value ?? 'NULL';
}

const escaped = /["\\]/;

function quoted(value: BulkValue): string {
  if (value === null) return 'NULL';
  const text = String(value);
  return escaped.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
