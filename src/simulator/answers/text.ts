/** Characters that the simulated tokenizer counts as one token. */
const charactersPerToken = 4;
const hugeChunkCharacters = 16 * 1024;
const mebibyte = 1024 * 1024;
const filler = 'the quick brown fox jumps over the lazy dog and counts naïve tokens → ';

/** Tokens of a piece of text in the simulated tokenizer: one per four characters, rounded up. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

/** Tokens of a text given in pieces; each piece counts for itself, as a stream delivers it. */
export function countPieces(pieces: readonly string[]): number {
  return pieces.reduce((sum, piece) => sum + countTokens(piece), 0);
}

/** Text of exactly the given number of characters. */
export function fillText(characters: number): string {
  return filler.repeat(Math.ceil(characters / filler.length)).slice(0, characters);
}

/** `w1 w2 … wN`, so that a test sees at once which chunks arrived. */
export function numberedWords(count: number): string[] {
  return Array.from({ length: count }, (_, at) => (at + 1 < count ? `w${at + 1} ` : `w${at + 1}`));
}

/** Pieces of 16 KiB that together are the given number of MiB. */
export function hugePieces(mebibytes: number): string[] {
  const count = Math.ceil((mebibytes * mebibyte) / hugeChunkCharacters);
  const piece = 'x'.repeat(hugeChunkCharacters);
  return Array.from({ length: count }, () => piece);
}

/** Splits text into words with their following space, or into the given number of nearly equal pieces. */
export function splitText(text: string, count?: number): string[] {
  if (text === '') return [];
  if (count === undefined) return text.match(/\S+\s*|\s+/g) ?? [text];
  const characters = [...text];
  const pieces = Math.max(1, Math.min(count, characters.length));
  return Array.from({ length: pieces }, (_, at) => {
    const from = Math.floor((at * characters.length) / pieces);
    const to = Math.floor(((at + 1) * characters.length) / pieces);
    return characters.slice(from, to).join('');
  });
}

/** Keeps the leading pieces that fit into the given number of tokens. */
export function limitPieces(pieces: readonly string[], tokens: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const piece of pieces) {
    used += countTokens(piece);
    if (used > tokens) break;
    kept.push(piece);
  }
  return kept;
}
