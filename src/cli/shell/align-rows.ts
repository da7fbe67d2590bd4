/** Pads the cells of each column to one width: the first column to the left, figures to the right. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, index) =>
        isFigure(rows, index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function isFigure(rows: readonly (readonly string[])[], index: number): boolean {
  return rows.length > 1 && rows.slice(1).every((row) => /^(-|[$0-9].*)$/.test(row[index] ?? ''));
}
