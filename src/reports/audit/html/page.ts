import { createHash } from 'node:crypto';
import type { AuditReport } from '../audit-report.ts';
import { count, percent, shareOf, signedUsd, usd } from '../figures.ts';
import { formatDay } from '../../../domain/money/periods.ts';
import { dayNumber } from '../reading/instant.ts';
import { Html, html } from './escape.ts';
import { pageScript } from './script.ts';
import { daySection, hostSection, moveSection, nameSections, savingSection } from './sections.ts';
import { pageStyle } from './style.ts';
import { dataTable } from './table.ts';

// Their digests stand in the policy: not one blank may come between tag and text.
const styleTag = new Html(`<style>${pageStyle}</style>`);
const scriptTag = new Html(`<script>${pageScript}</script>`);
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The report as one HTML file that asks nobody for anything: looks, charts and the few lines of script are in it, and
 * its own policy allows nothing else.
 */
export function reportPage(report: AuditReport): string {
  const policy = [
    `default-src 'none'`,
    `style-src ${hashOf(pageStyle)}`,
    `script-src ${hashOf(pageScript)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>Model spend, ${periodText(report)}</title>
        ${styleTag}
      </head>
      <body>
        <main>
          ${head(report)}${tiles(report)}${daySection(report)}${nameSections(report)}${savingSection(report)}${moveSection(report)}${hostSection(report)}${unknownSection(report)}${basisSection(report)}
          <footer>
            Made by switchyard audit from the files named above, without a network and without keys. Costs are exact to
            a billionth of a dollar; what is shown is rounded.
          </footer>
        </main>
        ${scriptTag}
      </body>
    </html> `;
  return page.text;
}

function periodText({ period }: AuditReport): string {
  if (!period) return 'no calls';
  const [from, to] = [formatDay(dayNumber(period.fromMs)), formatDay(dayNumber(period.toMs))];
  return from === to ? from : `${from} to ${to}`;
}

function head(report: AuditReport): Html {
  const { total, files } = report;
  const badge = total.isComplete
    ? html`<span class="badge ok">complete</span>`
    : html`<span class="badge gap">${missingText(report)}</span>`;
  const formats = [...new Set(files.map(({ format }) => format))].join(', ');
  return html`<header class="top">
      <span class="brand"><i></i>Switchyard audit</span><span>${periodText(report)} · ${formats}</span>
    </header>
    <div class="hero">
      <p>Spent on models</p>
      <h1 id="total" data-nanos="${total.costNanos.toString()}">${usd(total.costNanos)}</h1>
      <p>
        ${badge} ${count(total.calls)} calls in ${count(files.length)} ${files.length === 1 ? 'file' : 'files'}, each at
        the price of its day. Prices: ${report.priceSource}.
      </p>
    </div>`;
}

/** What the total does not hold. */
export function missingText({ total, files }: AuditReport): string {
  const bad = files.reduce((sum, { badCount }) => sum + badCount, 0);
  const parts = [
    ...(total.unpricedCalls > 0 ? [`${count(total.unpricedCalls)} calls without a known price`] : []),
    ...(bad > 0 ? [`${count(bad)} unreadable records`] : []),
  ];
  return `incomplete: ${parts.join(', ')}`;
}

function tiles(report: AuditReport): Html {
  const { stated, total, waste, savings } = report;
  const delta = stated.oursNanos - stated.theirsNanos;
  const paid = waste.failed.costNanos + waste.aborted.costNanos;
  const moves = report.priceMoves.reduce((sum, { paidNanos }) => sum + paidNanos, 0n);
  const open = savings.filter(({ certainty }) => certainty !== 'paid').reduce((sum, one) => sum + one.savedNanos, 0n);
  const said = `the log says ${usd(stated.theirsNanos)}; ours is ${percent(shareOf(delta, stated.theirsNanos), true)}`;
  const all: readonly Tile[] = [
    {
      title: 'Against the log',
      figure: stated.calls === 0 ? 'no costs in it' : signedUsd(delta),
      note: stated.calls === 0 ? 'the log states none' : said,
    },
    {
      title: 'Price moves',
      figure: signedUsd(moves),
      note: `${report.priceMoves.length} within this time`,
      look: moves > 0n ? 'bad' : 'good',
    },
    {
      title: 'Paid for nothing',
      figure: usd(paid),
      note: `${percent(shareOf(paid, total.costNanos))} on failed and aborted calls`,
      look: paid > 0n ? 'bad' : 'good',
    },
    { title: 'Could be saved', figure: usd(open), note: 'at most, and none of it is proven yet', look: 'warn struck' },
  ];
  return html`<div class="tiles">${all.map(tile)}</div>`;
}

interface Tile {
  readonly title: string;
  readonly figure: string;
  readonly note: string;
  readonly look?: string;
}

function tile({ title, figure, note, look = '' }: Tile): Html {
  return html`<div class="tile">
    <span class="k">${title}</span><b class="${look}">${figure}</b><span>${note}</span>
  </div>`;
}

function unknownSection({ unknownPrices }: AuditReport): Html {
  if (unknownPrices.length === 0) return html``;
  const table = dataTable('Models without a known price', unknownPrices.slice(0, 100), [
    { title: 'Model', cell: ({ model }) => model },
    { title: 'Calls', isNumber: true, cell: ({ calls }) => count(calls), sortKey: ({ calls }) => String(calls) },
    { title: 'Input', isNumber: true, cell: ({ inputUnits }) => count(inputUnits) },
    { title: 'Output', isNumber: true, cell: ({ outputUnits }) => count(outputUnits) },
    {
      title: 'The log says',
      isNumber: true,
      cell: ({ statedNanos }) => (statedNanos === undefined ? 'nothing' : usd(statedNanos)),
    },
    { title: 'Why', cell: ({ reason }) => reason },
  ]);
  return html`<section>
    <h2>Not in the total</h2>
    <p>The price of these calls is not known. They are left out, not taken for free.</p>
    ${table}
  </section>`;
}

function basisSection({ assumptions, files, total }: AuditReport): Html {
  const notes = assumptions.map(
    ({ text, calls, costNanos }) => html`<li>${text} (${count(calls)} calls, ${usd(costNanos)})</li>`,
  );
  if (total.duplicates > 0) {
    notes.push(html`<li>${count(total.duplicates)} rows stood in the files twice and count once</li>`);
  }
  const read = files.map(({ file, format, rows, skipped, badCount, bad, unknownColumns }) => {
    const details = [
      ...skipped.map(({ reason, count: times }) => `${count(times)} skipped: ${reason}`),
      ...(badCount > 0
        ? [`${count(badCount)} unreadable: ${bad.map(({ line, reason }) => `line ${line} ${reason}`).join('; ')}`]
        : []),
      ...(unknownColumns.length > 0 ? [`unknown columns: ${unknownColumns.join(', ')}`] : []),
    ];
    return html`<li>${file}: ${format}, ${count(rows)} rows${details.map((detail) => html`<br />${detail}`)}</li>`;
  });
  return html`<section>
    <h2>What this rests on</h2>
    <ul class="notes">
      ${read}${notes}
    </ul>
  </section>`;
}
