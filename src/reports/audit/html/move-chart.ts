import type { AuditReport, PriceMove } from '../audit-report.ts';
import { formatDay } from '../../../domain/money/periods.ts';
import { dayNumber } from '../reading/instant.ts';
import { shareOf, signedUsd } from '../figures.ts';
import { type Html, html } from './escape.ts';
import { round } from './day-chart.ts';

const [width, height, left, right, middle, reach] = [960, 260, 20, 20, 128, 84];
const maxMoves = 24;

/** Price changes on a line of time: up what was paid more, down what was paid less. */
export function moveChart(report: AuditReport): Html {
  const { period } = report;
  if (!period) return html``;
  const moves = report.priceMoves.slice(0, maxMoves).toSorted((one, other) => one.atMs - other.atMs);
  const most = moves.reduce((highest, { paidNanos }) => (size(paidNanos) > highest ? size(paidNanos) : highest), 1n);
  const span = Math.max(1, period.toMs - period.fromMs);
  const xOf = (atMs: number): number => left + ((atMs - period.fromMs) / span) * (width - left - right);
  const drawn = moves.map((move) => drawMove(move, xOf(move.atMs), most));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const x = round(left + share * (width - left - right));
    const anchor = anchorAt(x);
    return html`<line class="tick" x1="${x}" x2="${x}" y1="${middle - 4}" y2="${middle + 4}" /><text
        class="axis"
        x="${x}"
        y="${height - 8}"
        text-anchor="${anchor}"
        >${formatDay(dayNumber(period.fromMs + share * span))}</text
      >`;
  });
  return html`<svg
    class="chart"
    id="chart-moves"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Price changes over time; the figures are in the table below"
  >
    <line class="grid strong" x1="${left}" x2="${width - right}" y1="${middle}" y2="${middle}" />
    ${ticks}${drawn}
  </svg>`;
}

function drawMove(move: PriceMove, x: number, most: bigint): Html {
  const isRise = move.paidNanos > 0n;
  const length = 12 + shareOf(size(move.paidNanos), most) * (reach - 12);
  const y = isRise ? middle - length : middle + length;
  const anchor = anchorAt(x);
  const kind = isRise ? 'rise' : 'cut';
  const text = isRise ? y - 27 : y + 22;
  return html`<g
    ><title>${formatDay(dayNumber(move.atMs))} ${move.model}: ${signedUsd(move.paidNanos)}</title
    ><line class="stem ${kind}" x1="${round(x)}" x2="${round(x)}" y1="${middle}" y2="${round(y)}" /><circle
      class="dot ${kind}"
      cx="${round(x)}"
      cy="${round(y)}"
      r="6"
    /><text class="value" x="${round(x)}" y="${round(text)}" text-anchor="${anchor}">${signedUsd(move.paidNanos)}</text
    ><text class="axis" x="${round(x)}" y="${round(text + 14)}" text-anchor="${anchor}">${move.model}</text></g
  >`;
}

/** Text near an edge is written towards the middle. */
function anchorAt(x: number): string {
  if (x < 120) return 'start';
  return x > width - 120 ? 'end' : 'middle';
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}
