import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** USD per million tokens. */
export interface DatedPrice {
  readonly from: string;
  readonly input: number;
  readonly output: number;
}

interface Change {
  readonly date: string;
  readonly before: number;
  readonly after: number;
}

const file = 'litellm_price_changes.csv';
/** Names in the recorded history of models that a set calls otherwise. */
const recordedNames: Readonly<Record<string, string>> = {
  'gemini-1.5-flash': 'gemini/gemini-1.5-flash',
  'claude-3-5-haiku-20241022': 'claude-3-5-haiku-20241022',
};

/**
 * Prices by day from recorded changes; a model whose prices never changed in the record, or that it does not know, has
 * no entry, and the set's own price holds all the time.
 */
export async function readPriceHistory(
  folders: readonly string[],
): Promise<ReadonlyMap<string, readonly DatedPrice[]>> {
  const text = await firstText(folders);
  const histories = new Map<string, DatedPrice[]>();
  if (text === undefined) return histories;
  const rows = text.split('\n').map((line) => line.split(','));
  for (const [name, recorded] of Object.entries(recordedNames)) {
    const changesOf = (field: string): Change[] =>
      rows
        .filter((row) => row[3] === recorded && row[5] === 'change' && row[6] === field)
        .map((row) => ({ date: (row[1] ?? '').slice(0, 10), before: Number(row[7]), after: Number(row[8]) }))
        .filter(({ before, after }) => Number.isFinite(before) && Number.isFinite(after))
        .sort((left, right) => (left.date < right.date ? -1 : 1));
    const input = changesOf('input_cost_per_token');
    const output = changesOf('output_cost_per_token');
    if (input.length === 0 || output.length === 0) continue;
    const days = ['0000-00-00', ...new Set([...input, ...output].map(({ date }) => date))].sort();
    histories.set(
      name,
      days.map((from) => ({ from, input: priceAt(input, from), output: priceAt(output, from) })),
    );
  }
  return histories;
}

/** The price of a day. */
export function priceOn(history: readonly DatedPrice[] | undefined, day: string): DatedPrice | undefined {
  return history?.findLast(({ from }) => from <= day);
}

function priceAt(changes: readonly Change[], day: string): number {
  const last = changes.findLast(({ date }) => date <= day);
  return last ? last.after : (changes[0]?.before ?? Number.NaN);
}

async function firstText(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const text = await readFile(path.join(folder, file), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}
