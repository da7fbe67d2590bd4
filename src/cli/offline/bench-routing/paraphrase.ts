import type { BenchRow } from './load-set.ts';

/** A row asked in other words, and the place of the one it repeats. */
export interface Pair {
  readonly of: number;
  readonly row: BenchRow;
}

const edits: readonly ((text: string) => string)[] = [
  (text) => {
    const first = text.charAt(0);
    return (first === first.toUpperCase() ? first.toLowerCase() : first.toUpperCase()) + text.slice(1);
  },
  (text) => text.replaceAll(' ', '  '),
  (text) => (/[.?!]\s*$/.test(text) ? text.replace(/[.?!]\s*$/, '') : `${text}.`),
  (text) => `Please ${text}`,
  (text) => `${text} Thanks.`,
  swapLetters,
  (text) => text.replaceAll('"', "'"),
  (text) => text.replaceAll('\n', ' '),
];

/** Swaps two neighbouring letters of the first long word. */
function swapLetters(text: string): string {
  return text.replace(/[A-Za-z]{7,}/, (word) => word.slice(0, 2) + word.charAt(3) + word.charAt(2) + word.slice(4));
}

/** The set's own pairs if it has any, else eight small edits of each prompt. */
export function paraphrasePairs(rows: readonly BenchRow[]): { pairs: Pair[]; source: 'pairs' | 'edits' } {
  const own = rows.flatMap((row, of) =>
    row.paraphrase === undefined ? [] : [{ of, row: { ...row, prompt: row.paraphrase } }],
  );
  if (own.length > 0) return { pairs: own, source: 'pairs' };
  return {
    pairs: rows.flatMap((row, of) => edits.map((edit) => ({ of, row: { ...row, prompt: edit(row.prompt) } }))),
    source: 'edits',
  };
}
