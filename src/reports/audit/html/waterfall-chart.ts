import type { AuditReport, SavingStep } from '../audit-report.ts';
import { axisUsd, percent, shareOf, usd } from '../figures.ts';
import { type Html, html } from './escape.ts';
import { round } from './day-chart.ts';

const [width, height, top, bottom] = [960, 330, 34, 62];
const plotHeight = height - top - bottom;

const marks: { readonly [Certainty in SavingStep['certainty']]: string } = {
  paid: 'paid for nothing',
  bound: 'at most',
  unproven: 'unproven',
};

/** From what was spent down to what is left: solid what is gone for sure, hatched what has to be proved first. */
export function waterfallChart(report: AuditReport): Html {
  const { savings, total } = report;
  const columns = savings.length + 2;
  const slot = width / columns;
  const barWidth = Math.min(118, slot * 0.7);
  const scale = (costNanos: bigint): number => shareOf(costNanos, total.costNanos) * plotHeight;
  const pieces: Html[] = [
    bar(
      { x: slot / 2, y: top, size: plotHeight, kind: 'spent', barWidth },
      { name: 'Spent', amount: usd(total.costNanos) },
    ),
  ];
  let left = total.costNanos;
  for (const [index, step] of savings.entries()) {
    const y = top + plotHeight - scale(left);
    const size = Math.max(2, scale(step.savedNanos));
    left -= step.savedNanos;
    const x = slot * (index + 1.5);
    pieces.push(
      bridge({ x, y, slot, barWidth }),
      bar(
        { x, y, size, kind: step.certainty, barWidth },
        { name: step.name, amount: `-${usd(step.savedNanos)}`, step },
      ),
    );
  }
  const size = Math.max(2, scale(left));
  const x = slot * (columns - 0.5);
  const y = top + plotHeight - size;
  pieces.push(
    bridge({ x, y, slot, barWidth }),
    bar({ x, y, size, kind: 'left', barWidth }, { name: 'Could be', amount: usd(left) }),
  );
  return html`<svg
    class="chart"
    id="chart-savings"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Waterfall of what could be saved of ${axisUsd(total.costNanos)}; the figures are in the table below"
  >
    ${hatches()}
    <line class="grid" x1="0" x2="${width}" y1="${top + plotHeight}" y2="${top + plotHeight}" />
    ${pieces}
  </svg>`;
}

/** Leads from the end of the bar before to this one. */
function bridge({ x, y, slot, barWidth }: Pick<BarPlace, 'x' | 'y' | 'barWidth'> & { readonly slot: number }): Html {
  return html`<line
    class="bridge"
    x1="${round(x - slot + barWidth / 2)}"
    x2="${round(x - barWidth / 2)}"
    y1="${round(y)}"
    y2="${round(y)}"
  />`;
}

interface BarPlace {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly kind: string;
  readonly barWidth: number;
}

interface BarText {
  readonly name: string;
  readonly amount: string;
  readonly step?: SavingStep;
}

function bar({ x, y, size, kind, barWidth }: BarPlace, { name, amount, step }: BarText): Html {
  const isUnproven = step?.certainty === 'unproven';
  const mark = step ? marks[step.certainty] : '';
  return html`<g
    ><title>${name} ${amount}${step ? `, ${step.note}` : ''}</title
    ><rect
      class="w-${kind}"
      x="${round(x - barWidth / 2)}"
      y="${round(y)}"
      width="${round(barWidth)}"
      height="${round(size)}"
      rx="3"
    /><text class="value${isUnproven ? ' struck' : ''}" x="${round(x)}" y="${round(y - 9)}" text-anchor="middle"
      >${amount}</text
    ><text class="label" x="${round(x)}" y="${height - 38}" text-anchor="middle">${name}</text
    ><text class="mark m-${kind}" x="${round(x)}" y="${height - 20}" text-anchor="middle">${mark}</text></g
  >`;
}

/** Hatching is what tells certain from uncertain without colour, and on paper. */
function hatches(): Html {
  return html`<defs
    ><pattern id="hatch-unproven" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"
      ><rect class="p-unproven-back" width="8" height="8" /><rect class="p-unproven" width="3.2" height="8" /></pattern
    ><pattern id="hatch-bound" width="8" height="8" patternUnits="userSpaceOnUse"
      ><rect class="p-bound-back" width="8" height="8" /><circle class="p-bound" cx="4" cy="4" r="1.7" /></pattern
  ></defs>`;
}

/** The steps as rows, for the table. */
export function savingShare(step: SavingStep, report: AuditReport): string {
  return percent(shareOf(step.savedNanos, report.total.costNanos));
}
