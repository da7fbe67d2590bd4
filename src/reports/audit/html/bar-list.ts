import { percent, shareOf, usd } from '../figures.ts';
import type { Sum } from '../findings/dimension.ts';
import { type Html, html } from './escape.ts';
import { round } from './day-chart.ts';

const [rowHeight, width, maxBars] = [40, 300, 8];

/** The dearest names as bars, the rest as one. */
export function barList(id: string, title: string, sums: readonly Sum[]): Html {
  const total = sums.reduce((sum, { costNanos }) => sum + costNanos, 0n);
  const shown = sums.length > maxBars + 1 ? sums.slice(0, maxBars) : sums;
  const rest = sums.slice(shown.length);
  const bars = shown.map((sum) => ({ name: sum.name, costNanos: sum.costNanos, kind: 'bar', text: amountOf(sum) }));
  if (rest.length > 0) {
    const costNanos = rest.reduce((sum, one) => sum + one.costNanos, 0n);
    bars.push({ name: `${rest.length} more`, costNanos, kind: 'bar rest', text: usd(costNanos) });
  }
  const highest = bars.reduce((most, { costNanos }) => (costNanos > most ? costNanos : most), 1n);
  const rows = bars.map(({ name, costNanos, kind, text }, index) => {
    const y = index * rowHeight;
    const size = Math.max(1, shareOf(costNanos, highest) * width);
    return html`<g
      ><title>${name}: ${text}</title><text class="label" x="0" y="${y + 15}">${fit(name)}</text
      ><text class="value" x="${width}" y="${y + 15}" text-anchor="end"
        >${text} <tspan class="faint">${percent(shareOf(costNanos, total))}</tspan></text
      ><rect class="track" x="0" y="${y + 22}" width="${width}" height="7" rx="3.5" /><rect
        class="${kind}"
        x="0"
        y="${y + 22}"
        width="${round(size)}"
        height="7"
        rx="3.5"
    /></g>`;
  });
  return html`<svg
    class="chart bars"
    id="${id}"
    viewBox="0 0 ${width} ${Math.max(1, bars.length) * rowHeight}"
    role="img"
    aria-label="${title}; the figures are in the table below"
  >
    ${rows}
  </svg>`;
}

/** Calls without a price are not free. */
function amountOf({ costNanos, unpricedCalls }: Sum): string {
  return costNanos === 0n && unpricedCalls > 0 ? 'no price' : usd(costNanos);
}

/** What fits beside the amount. */
function fit(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}
