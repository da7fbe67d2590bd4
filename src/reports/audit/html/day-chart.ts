import type { AuditReport } from '../audit-report.ts';
import { axisUsd, shareOf, usd } from '../figures.ts';
import { type Html, html } from './escape.ts';

const [width, height, left, bottom, top] = [960, 320, 64, 34, 14];
const plotHeight = height - bottom - top;
/** Models with a colour of their own; the rest shares one. */
export const colourCount = 7;
/** More bars than this are too thin to see; days are then joined. */
const maxBars = 120;

/** One bar: a day or several. */
export interface DayBar {
  readonly label: string;
  readonly costNanos: bigint;
  /** Cost by colour, in the order of the legend; the last one is everything else. */
  readonly parts: readonly bigint[];
}

/** Joins days to bars and models to colours. */
export function dayBars(report: AuditReport, names: readonly string[]): readonly DayBar[] {
  const { byDay } = report;
  const perBar = Math.max(1, Math.ceil(byDay.length / maxBars));
  const bars: DayBar[] = [];
  for (let from = 0; from < byDay.length; from += perBar) {
    const days = byDay.slice(from, from + perBar);
    const parts = [...names.map(() => 0n), 0n];
    for (const { models } of days) {
      for (const [model, costNanos] of models) {
        const at = names.indexOf(model);
        const place = at < 0 ? names.length : at;
        parts[place] = (parts[place] ?? 0n) + costNanos;
      }
    }
    const [first, last] = [days[0]?.day ?? '', days.at(-1)?.day ?? ''];
    bars.push({
      label: first === last ? first : `${first} to ${last}`,
      costNanos: parts.reduce((sum, part) => sum + part, 0n),
      parts,
    });
  }
  return bars;
}

/** Spend by day as stacked bars, dearest model at the bottom. */
export function dayChart(bars: readonly DayBar[], names: readonly string[]): Html {
  const highest = bars.reduce((most, { costNanos }) => (costNanos > most ? costNanos : most), 1n);
  const ceiling = niceCeiling(highest);
  const step = (width - left - 8) / Math.max(1, bars.length);
  const barWidth = Math.max(1.2, Math.min(44, step * 0.78));
  const drawn = bars.map((bar, index) =>
    drawBar(bar, { x: left + index * step + (step - barWidth) / 2, barWidth, ceiling, names }),
  );
  const every = Math.max(1, Math.ceil(bars.length / 10));
  const labels = bars.map((bar, index) =>
    index % every === 0
      ? html`<text class="axis" x="${round(left + index * step + step / 2)}" y="${height - 12}" text-anchor="middle"
          >${shortDay(bar.label)}</text
        >`
      : html``,
  );
  return html`<svg
    class="chart"
    id="chart-days"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Spend by day, stacked by model; the figures are in the table below"
  >
    ${grid(ceiling)}${drawn}${labels}
  </svg>`;
}

function drawBar(
  bar: DayBar,
  place: { readonly x: number; readonly barWidth: number; readonly ceiling: bigint; readonly names: readonly string[] },
): Html {
  let y = top + plotHeight;
  const parts = bar.parts.map((costNanos, index) => {
    const size = shareOf(costNanos, place.ceiling) * plotHeight;
    if (size <= 0) return html``;
    y -= size;
    const name = place.names[index] ?? 'all others';
    return html`<rect
      class="s${index}"
      x="${round(place.x)}"
      y="${round(y)}"
      width="${round(place.barWidth)}"
      height="${round(size)}"
      ><title>${bar.label}: ${name} ${usd(costNanos)}</title></rect
    >`;
  });
  return html`<g>${parts}</g>`;
}

function grid(ceiling: bigint): Html {
  const lines = [0n, 1n, 2n, 3n, 4n].map((quarter) => {
    const y = round(top + plotHeight - (plotHeight * Number(quarter)) / 4);
    return html`<line class="grid" x1="${left}" x2="${width - 8}" y1="${y}" y2="${y}" /><text
        class="axis"
        x="${left - 8}"
        y="${y + 4}"
        text-anchor="end"
        >${axisUsd((ceiling * quarter) / 4n)}</text
      >`;
  });
  return html`<g>${lines}</g>`;
}

/** The next amount whose quarters are round too. */
function niceCeiling(value: bigint): bigint {
  let power = 1n;
  while (power * 100n <= value) power *= 10n;
  for (const factor of [10n, 12n, 16n, 20n, 24n, 32n, 40n, 48n, 60n, 80n]) {
    if (power * factor >= value) return power * factor;
  }
  return power * 100n;
}

function shortDay(label: string): string {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${Number(label.slice(8, 10))} ${months[Number(label.slice(5, 7)) - 1] ?? ''}`;
}

/** Rounds for the page: a hundredth of a unit is less than a pixel. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
