import { html, type Html } from './html.ts';

/** A cell: text, an amount to be aligned, or a link to further rows. */
export interface Cell {
  readonly text: string;
  readonly href?: string | undefined;
  readonly isAmount?: boolean;
}

/** Rows behind a figure. */
export interface RowsView {
  readonly title: string;
  readonly lead: string;
  readonly columns: readonly { readonly label: string; readonly isAmount?: boolean }[];
  readonly rows: readonly (readonly Cell[])[];
  /** Fields by which the rows can be narrowed, with what is chosen now. */
  readonly filters: readonly { readonly name: string; readonly label: string; readonly value: string }[];
  /** Address of the next page. */
  readonly next?: string | undefined;
}

/** A page of rows with its filters; works without a script. */
export function rowsPage(view: RowsView): Html {
  return html`<h1>${view.title}</h1>
    <p class="lead">${view.lead}</p>
    ${view.filters.length > 0 && filterForm(view)}
    <section class="card">${view.rows.length === 0 ? html`<p class="empty">No rows.</p>` : table(view)}</section>
    ${view.next !== undefined && html`<p><a href="${view.next}" rel="next">Next page</a></p>`}
    <p><a href="/">Back to the overview</a></p>`;
}

function filterForm({ filters }: RowsView): Html {
  return html`<form class="filters" method="get">
    ${filters.map(({ name, label, value }) => html`<label>${label}<input name="${name}" value="${value}" maxlength="200" /></label>`)}
    <button type="submit">Show</button>
  </form>`;
}

function table({ columns, rows }: RowsView): Html {
  const heads = columns.map(
    ({ label, isAmount }) => html`<th scope="col" class="${isAmount === true ? 'amount' : ''}">${label}</th>`,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(cell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cell({ text, href, isAmount }: Cell): Html {
  const content = href === undefined ? text : html`<a href="${href}">${text}</a>`;
  return html`<td class="${isAmount === true ? 'amount' : 'name'}" title="${text}">${content}</td>`;
}
