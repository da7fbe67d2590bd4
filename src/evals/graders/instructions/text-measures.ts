/** Words: runs of letters, digits and underscores. */
export function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0;
}

/** Has letters with case, and all of them are capitals. */
export function isUpperCase(text: string): boolean {
  return /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
}

/** Has letters with case, and none is a capital. */
export function isLowerCase(text: string): boolean {
  return /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
}

/** Escapes a text for a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const abbreviations: ReadonlySet<string> = new Set(
  'mr mrs ms dr prof sr jr st vs etc e.g i.e u.s u.k inc ltd co corp no vol fig approx a.m p.m gen col sgt capt lt rev hon jan feb mar apr jun jul aug sep sept oct nov dec'.split(
    ' ',
  ),
);

/** Splits English text into sentences by closing marks, minding abbreviations, initials, numbers and quotes. */
export function splitSentences(text: string): readonly string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const mark of text.matchAll(/[.!?]+["'”’)\]*]*(?=\s|$)/g)) {
    const end = mark.index + mark[0].length;
    if (isInside(text, mark, start)) continue;
    const sentence = text.slice(start, end).trim();
    if (sentence !== '') sentences.push(sentence);
    start = end;
  }
  const rest = text.slice(start).trim();
  return rest === '' ? sentences : [...sentences, rest];
}

/** A full stop that ends no sentence: of an abbreviation or an initial, or before a small letter. */
function isInside(text: string, mark: RegExpMatchArray, start: number): boolean {
  if (!mark[0].startsWith('.') || mark[0].startsWith('..')) return false;
  const at = mark.index ?? 0;
  const word = /[\p{L}\p{N}.]+$/u.exec(text.slice(start, at))?.[0] ?? '';
  const after = text.slice(at + mark[0].length).trimStart();
  if (after === '') return false;
  if (abbreviations.has(word.toLowerCase())) return true;
  if (/^\p{Lu}$/u.test(word)) return true;
  if (/^\d+$/.test(word) && /(^|\n)\s*$/.test(text.slice(start, at - word.length))) return true;
  // Where nothing is a capital, a small letter begins sentences too.
  return /^\p{Ll}/u.test(after) && /\p{Lu}/u.test(text);
}

/** Tokens as treebank conventions cut them: closing stops and punctuation apart, contractions in two. */
export function treebankTokens(text: string): readonly string[] {
  return splitSentences(text).flatMap((sentence) =>
    sentence
      .replace(/["“”]|``|''/g, ' " ')
      .replace(/\.(["'”’)\]*\s]*)$/, ' . $1')
      .replace(/\.\.\./g, ' ... ')
      .replace(/[:,](?!\d)/g, ' $& ')
      .replace(/[;@#$%&?!()[\]{}<>]/g, ' $& ')
      .replace(/--/g, ' -- ')
      .replace(/([^'])' /g, "$1 ' ")
      .replace(/('s|'m|'d|'ll|'re|'ve|n't)\b/gi, ' $1')
      .split(/\s+/)
      .filter((token) => token !== ''),
  );
}
