import type { AuditReport, CheaperHost, ModelSum, PriceMove, SavingStep } from '../audit-report.ts';
import { count, percent, perMillion, shareOf, shortCount, signedUsd, usd } from '../figures.ts';
import type { Sum } from '../findings/dimension.ts';
import { formatDay } from '../../../domain/money/periods.ts';
import { dayNumber } from '../reading/instant.ts';
import { barList } from './bar-list.ts';
import { colourCount, dayBars, dayChart } from './day-chart.ts';
import { type Html, html } from './escape.ts';
import { moveChart } from './move-chart.ts';
import { type Column, dataTable, foldedTable } from './table.ts';
import { savingShare, waterfallChart } from './waterfall-chart.ts';

const amount = <Row>(title: string, of: (row: Row) => bigint): Column<Row> => ({
  title,
  isNumber: true,
  cell: (row) => usd(of(row)),
  sortKey: (row) => of(row).toString(),
});
const number = <Row>(title: string, of: (row: Row) => number): Column<Row> => ({
  title,
  isNumber: true,
  cell: (row) => shortCount(of(row)),
  sortKey: (row) => String(of(row)),
});

/** Spend by day. */
export function daySection(report: AuditReport): Html {
  const priced = report.byModel.filter(({ costNanos }) => costNanos > 0n);
  const names = priced.slice(0, colourCount).map(({ name }) => name);
  const bars = dayBars(report, names);
  const hasRest = bars.some(({ parts }) => (parts.at(-1) ?? 0n) > 0n);
  const legend = [...names, ...(hasRest ? ['all others'] : [])].map(
    (name, index) =>
      html`<li>
        <svg viewBox="0 0 10 10" aria-hidden="true"><rect class="s${index}" width="10" height="10" rx="3" /></svg
        >${name}
      </li>`,
  );
  return html`<section>
    <h2>Spend by day</h2>
    <p>Each call at the price of its day, in UTC.</p>
    ${dayChart(bars, names)}
    <ul class="legend">
      ${legend}
    </ul>
    ${foldedTable('Spend by day', report.byDay, [{ title: 'Day', cell: ({ day }) => day }, number('Calls', ({ calls }) => calls), amount('Cost', ({ costNanos }) => costNanos)])}
  </section>`;
}

/** Spend by model, job and user. */
export function nameSections(report: AuditReport): Html {
  const { byModel, byJob, byUser } = report;
  const modelColumns: Column<ModelSum>[] = [
    ...sumColumns<ModelSum>('Model'),
    amount('The log says', ({ stated }) => stated.theirsNanos),
    {
      title: 'Delta',
      isNumber: true,
      cell: ({ stated }) => (stated.calls === 0 ? '' : signedUsd(stated.oursNanos - stated.theirsNanos)),
      sortKey: ({ stated }) => (stated.oursNanos - stated.theirsNanos).toString(),
    },
  ];
  return html`<div class="three">
    <section>
      <h2>By model</h2>
      ${barList('chart-models', 'Spend by model', byModel)}${foldedTable('Spend by model', byModel, modelColumns)}
    </section>
    <section>
      <h2>By job</h2>
      ${barList('chart-jobs', 'Spend by job', byJob)}${foldedTable('Spend by job', byJob, sumColumns('Job'))}
    </section>
    <section>
      <h2>By user</h2>
      ${barList('chart-users', 'Spend by user', byUser)}${foldedTable('Spend by user', byUser, sumColumns('User'))}
    </section>
  </div>`;
}

function sumColumns<Row extends Sum>(title: string): Column<Row>[] {
  return [
    { title, cell: ({ name }) => name },
    number('Calls', ({ calls }) => calls),
    number('Input', ({ inputUnits }) => inputUnits),
    number('of it cached', ({ cacheReadUnits }) => cacheReadUnits),
    number('Output', ({ outputUnits }) => outputUnits),
    number('Unpriced calls', ({ unpricedCalls }) => unpricedCalls),
    amount('Cost', ({ costNanos }) => costNanos),
  ];
}

/** What could be saved. */
export function savingSection(report: AuditReport): Html {
  const columns: Column<SavingStep>[] = [
    { title: 'Step', cell: ({ name }) => name },
    amount('Saved', ({ savedNanos }) => savedNanos),
    { title: 'Of all', isNumber: true, cell: (step) => savingShare(step, report) },
    { title: 'How sure', cell: ({ certainty }) => certainty },
    { title: 'Why', cell: ({ note }) => note },
  ];
  const { waste } = report;
  const notes = [
    html`<li>
      ${count(waste.failed.calls)} calls failed and cost ${usd(waste.failed.costNanos)}; ${count(waste.aborted.calls)}
      were aborted and cost ${usd(waste.aborted.costNanos)}; ${count(waste.retries)} were retries.
    </li>`,
    waste.repeats.known > 0
      ? html`<li>
          ${count(waste.repeats.calls)} requests were word by word the same as an earlier one to the same model within a
          day: ${usd(waste.repeats.costNanos)}. Nothing was saved unless the earlier answer would still have been right.
        </li>`
      : html`<li>The log holds neither the words nor a digest of requests: repeats cannot be seen.</li>`,
    waste.cacheable.conversations
      ? html`<li>
          ${count(waste.cacheable.calls)} calls continued a conversation whose beginning a prompt cache could have read:
          ${usd(waste.cacheable.costNanos)} at most.
        </li>`
      : html`<li>The log names no conversations: what a prompt cache would save cannot be seen.</li>`,
  ];
  return html`<section>
    <h2>What could be saved</h2>
    <p>
      Solid: money that bought nothing. Dotted: an upper bound. Hatched and struck through: only if the answers stay as
      good, which nobody has shown yet. Each step counts what the steps before it left.
    </p>
    ${waterfallChart(report)}
    <ul class="notes">
      ${notes}
    </ul>
    ${foldedTable('Savings', report.savings, columns)}
  </section>`;
}

/** Price changes within the time of the log. */
export function moveSection(report: AuditReport): Html {
  if (report.priceMoves.length === 0) {
    return html`<section>
      <h2>Price moves</h2>
      <p>No price that was paid changed within the time of the log.</p>
    </section>`;
  }
  const paid = report.priceMoves.reduce((sum, { paidNanos }) => sum + paidNanos, 0n);
  const columns: Column<PriceMove>[] = [
    { title: 'Day', cell: ({ atMs }) => formatDay(dayNumber(atMs)) },
    { title: 'Model', cell: ({ model }) => model },
    { title: 'Per million', cell: (move) => changesText(move) },
    number('Calls since', ({ calls }) => calls),
    amount('Paid', ({ paidNanos }) => paidNanos),
  ];
  return html`<section>
    <h2>Price moves paid</h2>
    <p>What each change of a price cost from its day on, against the price before it: ${signedUsd(paid)} in all.</p>
    ${moveChart(report)}${foldedTable('Price moves', report.priceMoves, columns)}
  </section>`;
}

/** What changed, bucket by bucket. */
export function changesText({ changes }: PriceMove): string {
  return changes
    .map(({ bucket, beforePicos, afterPicos }) => `${bucket} ${perMillion(beforePicos)} → ${perMillion(afterPicos)}`)
    .join(', ');
}

/** The same weights elsewhere. */
export function hostSection(report: AuditReport): Html {
  const title = html`<h2>The same model on a cheaper host <span class="badge unproven">unproven</span></h2>`;
  if (report.cheaperHosts.length === 0) {
    return html`<section>
      ${title}
      <p>No other host that we know serves these models for less on this mix of usage.</p>
    </section>`;
  }
  const columns: Column<CheaperHost>[] = [
    { title: 'Model', cell: ({ model }) => model },
    { title: 'Elsewhere', cell: ({ elsewhere }) => elsewhere },
    amount('Paid', ({ costNanos }) => costNanos),
    amount('There', ({ elsewhereNanos }) => elsewhereNanos),
    {
      title: 'Less',
      isNumber: true,
      cell: ({ costNanos, elsewhereNanos }) =>
        html`<span class="struck">${percent(shareOf(costNanos - elsewhereNanos, costNanos))}</span>`,
      sortKey: ({ costNanos, elsewhereNanos }) => (costNanos - elsewhereNanos).toString(),
    },
    { title: 'What would prove it', cell: ({ proof }) => html`<code>${proof}</code>` },
  ];
  return html`<section>
    ${title}
    <p>
      This very usage at the other host's prices, bucket by bucket. Hosts run the same weights differently, so that
      equal quality is an assumption until the command says otherwise.
    </p>
    ${dataTable('Cheaper hosts', report.cheaperHosts.slice(0, 40), columns)}
  </section>`;
}
