const newline = 0x0a;
const endOfRows = Buffer.from('\\.\n');

/** What the file of a backup consists of: for each table a header, rows as COPY writes them, and an end. */
export type Section =
  | { readonly kind: 'header'; readonly header: { readonly table: string; readonly columns: readonly string[] } }
  | { readonly kind: 'rows'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

/** Cuts the stream into its sections; rows come in pieces of whole lines. No row can look like the end of rows. */
export async function* splitSections(input: AsyncIterable<Buffer>): AsyncGenerator<Section> {
  let rest: Buffer = Buffer.alloc(0);
  let inRows = false;
  for await (const chunk of input) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (!inRows) {
        const end = rest.indexOf(newline);
        if (end < 0) break;
        yield { kind: 'header', header: JSON.parse(rest.toString('utf8', 0, end)) };
        rest = rest.subarray(end + 1);
        inRows = true;
      }
      const end = findEndOfRows(rest);
      const rowsEnd = end < 0 ? rest.lastIndexOf(newline) + 1 : end;
      if (rowsEnd > 0) yield { kind: 'rows', bytes: rest.subarray(0, rowsEnd) };
      rest = rest.subarray(rowsEnd);
      if (end < 0) break;
      yield { kind: 'end' };
      rest = rest.subarray(endOfRows.length);
      inRows = false;
    }
  }
  if (inRows || rest.length > 0) throw new Error('the tables end in the middle of a row');
}

/** Only a whole line counts: in a row the same bytes follow a backslash. */
function findEndOfRows(bytes: Buffer): number {
  for (let at = bytes.indexOf(endOfRows); at >= 0; at = bytes.indexOf(endOfRows, at + 1)) {
    if (at === 0 || bytes[at - 1] === newline) return at;
  }
  return -1;
}
