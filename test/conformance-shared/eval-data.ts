import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = join(
  resolve(process.env['SWITCHYARD_SHARED'] ?? join(process.cwd(), '..', 'shared')),
  'data/value/evals',
);

/** Rows of a recorded evaluation set; one without rows is an error, since nothing would be checked. */
export function readEvalRows<Row>(path: string): readonly Row[] {
  const file = join(folder, path);
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const bytes = readFileSync(file);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Row);
  if (rows.length === 0) throw new Error(`${file} is empty`);
  return rows;
}
