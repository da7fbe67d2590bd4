import { createHash } from 'node:crypto';
import { count, percent, shareOf, usd } from '../audit/figures.ts';
import { Html, html } from '../audit/html/escape.ts';
import { pageStyle } from '../audit/html/style.ts';
import { dataTable } from '../audit/html/table.ts';
import type { RoiReport, Saving } from './roi-report.ts';
import { dayText } from '../../domain/money/periods.ts';
import { costPerSuccessText, roiText } from './roi-text.ts';

// Its digest stands in the policy: not one blank may come between tag and text.
const styleTag = new Html(`<style>${pageStyle}</style>`);
const styleDigest = `'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`;

/** The report as one HTML file that loads nothing from anywhere. */
export function roiPage(report: RoiReport): string {
  const { job, fromMs, toMs } = report;
  const policy = `default-src 'none'; style-src ${styleDigest}; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Return of job ${job}</title>
        ${styleTag}
      </head>
      <body>
        <main>
          <header class="top">
            <span class="brand"><i></i>Switchyard</span><span>${dayText(fromMs)} to ${dayText(toMs)}</span>
          </header>
          ${roiContent(report)}
        </main>
      </body>
    </html> `;
  return page.text;
}

/** What stands between head and foot: figures, costs and the waterfall. */
function roiContent(report: RoiReport): Html {
  const { job, requests, unknown, rule, cost } = report;
  return html`<div class="hero">
      <p>Job ${job}: full cost per success</p>
      <h1 id="cost-per-success">${costPerSuccessText(report).split(' (')[0]}</h1>
      <p>${costPerSuccessText(report)}. A success is <code>${rule.text}</code> (${rule.version}).</p>
    </div>
    <div class="tiles">
      ${[
        tile('Cost', usd(cost.totalNanos), `${count(requests)} requests`),
        tile('Successes', count(report.successes), rateText(report)),
        tile('Unknown', percent(unknown / Math.max(1, requests)), 'nobody told; neither success nor failure'),
        ...report.returns.map(({ estimate, valueNanos, roi }) =>
          tile(`Return, ${estimate}`, roi === undefined ? 'none' : roiText(roi), `value ${usd(valueNanos)}`),
        ),
      ]}
    </div>
    ${costSection(report)}${report.saving === undefined ? html`` : savingSection(report.saving)}`;
}

function tile(title: string, figure: string, note: string): Html {
  return html`<div class="tile"><span class="k">${title}</span><b>${figure}</b><span>${note}</span></div>`;
}

function rateText({ successRate }: RoiReport): string {
  if (successRate === undefined) return 'no outcome yet';
  const { rate, interval } = successRate;
  if (interval === undefined) return `${percent(rate)}, not enough data`;
  return `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`;
}

function costSection({ cost }: RoiReport): Html {
  const rows = [
    { name: 'Answers', nanos: cost.totalNanos - cost.wasteNanos },
    { name: 'Attempts without an answer', nanos: cost.wasteNanos },
    ...(cost.draftNanos === 0n ? [] : [{ name: 'of them drafts turned down', nanos: cost.draftNanos }]),
    { name: 'Estimated part of both', nanos: cost.estimatedNanos },
    { name: 'Evaluations, beside it', nanos: cost.evaluationNanos },
  ];
  const table = dataTable('What it cost', rows, [
    { title: 'Part', cell: ({ name }) => name },
    { title: 'Cost', isNumber: true, cell: ({ nanos }) => usd(nanos) },
    { title: 'Share', isNumber: true, cell: ({ nanos }) => percent(shareOf(nanos, cost.totalNanos)) },
  ]);
  const unpriced = cost.unpriced === 0 ? '' : `${count(cost.unpriced)} requests of unknown cost are in no sum.`;
  return html`<section>
    <h2>Cost</h2>
    <p>${unpriced}</p>
    ${table}
  </section>`;
}

function savingSection(saving: Saving): Html {
  const { parity, savedNanos, baselineNanos } = saving;
  const look = parity.isProven ? 'good' : 'struck warn';
  const badge = parity.isProven
    ? html`<span class="badge ok">parity holds</span>`
    : html`<span class="badge unproven">unproven</span>`;
  const table = dataTable('Layers', saving.layers, [
    { title: 'Layer', cell: ({ name }) => name },
    { title: 'Saved', isNumber: true, cell: (one) => html`<span class="${look}">${usd(one.savedNanos)}</span>` },
    { title: 'What it is', cell: ({ note }) => note },
  ]);
  return html`<section>
    <h2>Saving against always ${parity.baseline} ${badge}</h2>
    <p>
      Estimated: <b id="saving" class="${look}">${usd(savedNanos)} (${percent(shareOf(savedNanos, baselineNanos))})</b>.
      ${parity.detail}.
    </p>
    ${waterfall(saving)}${table}
  </section>`;
}

const [width, height, top, bottom] = [960, 300, 34, 46];

function waterfall({ baselineNanos, actualNanos, layers, restNanos, parity }: Saving): Html {
  const steps = [
    ...layers.map(({ name, savedNanos }) => ({ name, savedNanos: savedNanos })),
    { name: 'not for sure', savedNanos: restNanos },
  ].filter(({ savedNanos }) => savedNanos !== 0n);
  const slot = width / (steps.length + 2);
  const scale = (nanos: bigint): number => shareOf(nanos, baselineNanos) * (height - top - bottom);
  let left = baselineNanos;
  const bars = steps.map(({ name, savedNanos }, at) => {
    const above = savedNanos > 0n ? left : left - savedNanos;
    left -= savedNanos;
    const size = Math.max(2, scale(savedNanos < 0n ? -savedNanos : savedNanos));
    return bar(
      { at: at + 1, slot, y: height - bottom - scale(above), size, isStruck: !parity.isProven },
      name,
      usd(-savedNanos),
    );
  });
  const whole = (at: number, name: string, nanos: bigint): Html => {
    const size = Math.max(2, scale(nanos));
    return bar({ at, slot, y: height - bottom - size, size, isStruck: false }, name, usd(nanos));
  };
  return html`<svg
    class="chart"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Waterfall from the cost of the baseline to what was paid; the figures are in the table below"
  >
    ${[whole(0, parity.baseline, baselineNanos), ...bars, whole(steps.length + 1, 'paid', actualNanos)]}
  </svg>`;
}

interface BarPlace {
  readonly at: number;
  readonly slot: number;
  readonly y: number;
  readonly size: number;
  readonly isStruck: boolean;
}

function bar({ at, slot, y, size, isStruck }: BarPlace, name: string, amount: string): Html {
  const x = slot * (at + 0.5);
  const barWidth = Math.min(118, slot * 0.7);
  const kind = isStruck ? 'w-unproven' : 'w-spent';
  return html`<g
    ><rect
      class="${kind}"
      x="${(x - barWidth / 2).toFixed(1)}"
      y="${y.toFixed(1)}"
      width="${barWidth.toFixed(1)}"
      height="${size.toFixed(1)}"
      rx="3"
    /><text class="value${isStruck ? ' struck' : ''}" x="${x.toFixed(1)}" y="${(y - 9).toFixed(1)}" text-anchor="middle"
      >${amount}</text
    ><text class="label" x="${x.toFixed(1)}" y="${height - 20}" text-anchor="middle">${name}</text></g
  >`;
}
