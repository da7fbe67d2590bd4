/** Characters of the standard fonts beyond Latin-1. */
const windowsExtras = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';

/**
 * Turns text into what the standard fonts of PDF can draw. Accents they lack are dropped from their letters; what is
 * left over becomes a question mark, and the caller says so on the page.
 */
export function toStandardFont(text: string): { readonly text: string; readonly isComplete: boolean } {
  let isComplete = true;
  let drawn = '';
  for (const character of text.normalize('NFC').replace(/[\t\r\n]+/g, ' ')) {
    if (isDrawable(character)) drawn += character;
    else {
      const [base = ''] = character.normalize('NFD');
      const hasBase = base !== character && isDrawable(base);
      drawn += hasBase ? base : '?';
      isComplete &&= hasBase;
    }
  }
  return { text: drawn, isComplete };
}

/** Breaks text into lines of a width; a word that is longer than a line is cut. */
export function wrapText(text: string, widthOf: (text: string) => number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > width && line.length > 1) {
      let length = line.length - 1;
      while (length > 1 && widthOf(line.slice(0, length)) > width) length -= 1;
      lines.push(line.slice(0, length));
      line = line.slice(length);
    }
  }
  return [...lines, line];
}

function isDrawable(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff) || windowsExtras.includes(character);
}
