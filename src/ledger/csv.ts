/** What a cell of a table holds. */
export type CsvValue = string | number | bigint | boolean | null | undefined;

const startsFormula = /^[=+\-@\t\r]/;
const isNumber = /^-?[0-9]+(\.[0-9]+)?$/;
const needsQuotes = /[",\r\n]/;

/**
 * Writes one line of CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front: names of models
 * and customers are other people's words. Numbers keep their sign.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: CsvValue): string {
  const text = String(value ?? '');
  const safe = startsFormula.test(text) && !isNumber.test(text) ? `'${text}` : text;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
