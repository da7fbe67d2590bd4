import { type Html, html } from './escape.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => Html | string;
  /** What the column is sorted by, when it is not its text. */
  readonly sortKey?: (row: Row) => string;
}

/** A table behind a chart: everything that the chart shows, readable without seeing it, sortable by each column. */
export function dataTable<Row>(caption: string, rows: readonly Row[], columns: readonly Column<Row>[]): Html {
  const heads = columns.map(
    ({ title, isNumber }) =>
      html`<th scope="col" ${isNumber ? html` class="number"` : ''}><button type="button">${title}</button></th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>
        ${columns.map((column) => cellOf(column, row))}
      </tr>`,
  );
  return html`<div class="scroll">
    <table data-sortable>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

/** A table that opens under its chart. */
export function foldedTable<Row>(caption: string, rows: readonly Row[], columns: readonly Column<Row>[]): Html {
  const shown = rows.slice(0, maxRows);
  const note = rows.length > maxRows ? ` (the first ${maxRows} of ${rows.length})` : '';
  return html`<details>
    <summary>Figures</summary>
    ${dataTable(caption + note, shown, columns)}
  </details>`;
}

/** A page of a hundred thousand users helps nobody; the JSON has them all. */
const maxRows = 500;

function cellOf<Row>({ cell, isNumber, sortKey }: Column<Row>, row: Row): Html {
  const key = sortKey?.(row);
  const attributes = html`${isNumber ? html` class="number"` : ''}${key === undefined ? '' : html` data-key="${key}"`}`;
  return html`<td${attributes}>${cell(row)}</td>`;
}
