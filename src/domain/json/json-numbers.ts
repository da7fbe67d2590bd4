const mark = '\u0000number:';
const numbers = /-?\d[\d.eE+-]*/g;
const numberSyntax = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Rewrites each number of a JSON text and leaves its strings alone. Goes from string to string by search: one
 * expression for both would overflow on megabytes of escapes.
 */
export function replaceNumbers(json: string, replace: (number: string) => string): string {
  let replaced = '';
  for (let at = 0; ;) {
    const quote = json.indexOf('"', at);
    replaced += json.slice(at, quote < 0 ? json.length : quote).replace(numbers, replace);
    if (quote < 0) return replaced;
    at = endOfString(json, quote) + 1;
    replaced += json.slice(quote, at);
  }
}

/** Parses JSON without turning any number into a double: each becomes a value that only `numberText` reads. */
export function parseNumbersAsText(json: string): unknown {
  // What is no number by the grammar stays as it is, so that parsing refuses it.
  return JSON.parse(
    replaceNumbers(json, (number) => (numberSyntax.test(number) ? JSON.stringify(mark + number) : number)),
  );
}

/** The source text of a number read by `parseNumbersAsText`; undefined for every other value. */
export function numberText(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(mark) ? value.slice(mark.length) : undefined;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
