import { barLength, countText, shareText, usdText } from './amounts.ts';
import { html, type Html } from './html.ts';
import { dayText } from '../../domain/money/periods.ts';
import { timeText } from './page-time.ts';
import { returnSection } from './return-cards.ts';
import type { DayFigure, MoneyFigures, Overview, RankedFigure, SpendFigure } from './overview.ts';

/** The one page: what runs, what it costs, what is earned, and what needs a look. */
export function overviewPage(overview: Overview): Html {
  const { money, absence } = overview;
  return html`<div id="figures">
    <h1>Overview</h1>
    <p class="lead">${timeText(overview.atMs)}${money && freshness(overview.atMs, money)}</p>
    ${money?.isSimulatedOnly === true && simulatedNote()} ${money === undefined && absenceNote(absence)}
    <div class="figures">
      ${card({
        label: 'Requests now',
        figure: countText(overview.runningCount),
        more: `${countText(overview.total)} since the start`,
        href: '/rows/requests',
      })}
      ${money?.spend.map(spendCard)}
    </div>
    ${money && moneySections(money)} ${returnSection(overview.returns)}
  </div>`;
}

function moneySections(money: MoneyFigures): Html {
  return html`<div class="wide">
      <section class="card" aria-labelledby="days">
        <h2 id="days">Last 30 days</h2>
        ${daysChart(money.days)}
      </section>
    </div>
    <div class="wide">
      <section class="card" aria-labelledby="margin">
        <h2 id="margin">Margin by customer, 30 days</h2>
        ${ranking(money.customers, { noun: 'Customer', isMargin: true })}
      </section>
      <section class="card" aria-labelledby="jobs">
        <h2 id="jobs">Cost by job, 30 days</h2>
        ${ranking(money.jobs, { noun: 'Job', isMargin: false })}
      </section>
    </div>
    <div class="figures">
      ${card({
        label: 'Estimated share of cost',
        figure: shareText(money.estimatedCostNanos, money.totalCostNanos),
        more: `${usdText(money.estimatedCostNanos)} of ${usdText(money.totalCostNanos)} awaits true usage`,
        href: '/rows/requests?estimated=yes',
      })}
      ${card({
        label: 'Unreconciled with providers',
        figure: money.unreconciledNanos === null ? '–' : usdText(money.unreconciledNanos),
        more: money.unreconciledNanos === null ? 'no bill imported yet' : 'theirs minus ours, open periods',
        href: '/rows/reconciliation',
      })}
      ${card({
        label: 'Price alerts',
        figure: countText(money.alertCount),
        more: money.alerts[0]?.summary ?? 'none is open',
        href: '/rows/alerts',
      })}
    </div>`;
}

function card(one: { label: string; figure: string; more: string; href: string }): Html {
  return html`<a class="card" href="${one.href}"
    ><div class="label">${one.label}</div>
    <div class="figure">${one.figure}</div>
    <div class="more">${one.more}</div></a
  >`;
}

function spendCard(spend: SpendFigure): Html {
  const missing = spend.unpriced > 0n ? `, ${countText(spend.unpriced)} without a price` : '';
  return card({
    label: `Spend ${spend.label}`,
    figure: usdText(spend.costNanos),
    more: `${usdText(spend.chargeNanos)} charged, ${countText(spend.requests)} requests${missing}`,
    href: spend.href,
  });
}

const chartHeight = 100;
const slotWidth = 20;

function daysChart(days: readonly DayFigure[]): Html {
  const largest = days.reduce((most, { costNanos, chargeNanos }) => max(most, costNanos, chargeNanos), 0n);
  if (largest === 0n) return html`<p class="empty">No request has cost anything yet.</p>`;
  const bars = days.map((day, index) => {
    const [cost, charge] = [day.costNanos, day.chargeNanos].map((nanos) => barLength(nanos, largest, chartHeight));
    const left = index * slotWidth;
    return html`<g
      ><title>${dayText(day.dayMs)}: cost ${usdText(day.costNanos)}, charge ${usdText(day.chargeNanos)}</title>
      <rect
        class="charge"
        x="${left + 2}"
        y="${chartHeight - (charge ?? 0)}"
        width="7"
        height="${charge ?? 0}"
        rx="1" />
      <rect class="cost" x="${left + 10}" y="${chartHeight - (cost ?? 0)}" width="7" height="${cost ?? 0}" rx="1"
    /></g>`;
  });
  const width = days.length * slotWidth;
  const label = `Charge and cost of each day, at most ${usdText(largest)}`;
  return html`<svg
      class="chart"
      viewBox="0 0 ${width} ${chartHeight + 1}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}"
    >
      ${bars}
      <line class="base" x1="0" x2="${width}" y1="${chartHeight}.5" y2="${chartHeight}.5" />
    </svg>
    <div class="key">
      ${swatch('charge', 'Charge')}${swatch('cost', 'Cost')}<span>tallest ${usdText(largest)}</span>
    </div>`;
}

function swatch(kind: string, label: string): Html {
  return html`<span
    ><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${kind}" width="10" height="10" rx="2" /></svg
    >${label}</span
  >`;
}

function ranking(rows: readonly RankedFigure[], { noun, isMargin }: { noun: string; isMargin: boolean }): Html {
  if (rows.length === 0) return html`<p class="empty">Nothing in this span.</p>`;
  const sizeOf = (row: RankedFigure): bigint => (isMargin ? max(row.chargeNanos, row.costNanos) : row.costNanos);
  const largest = rows.reduce((most, row) => max(most, sizeOf(row)), 0n);
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${noun}</th>
          <th scope="col" aria-hidden="true"></th>
          ${isMargin && html`<th class="amount" scope="col">Charge</th>`}
          <th class="amount" scope="col">Cost</th>
          <th class="amount" scope="col">${isMargin ? 'Margin' : 'Requests'}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => rankingRow(row, largest, isMargin))}
      </tbody>
    </table>
  </div>`;
}

function rankingRow(row: RankedFigure, largest: bigint, isMargin: boolean): Html {
  const marginNanos = row.chargeNanos - row.costNanos;
  const cost = barLength(row.costNanos, largest, 100);
  const charge = isMargin ? barLength(row.chargeNanos, largest, 100) : 0;
  return html`<tr>
    <td class="name"><a href="${row.href}">${row.name}</a></td>
    <td class="bar" aria-hidden="true">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none">
        ${isMargin && html`<rect class="charge" width="${charge}" height="4.5" rx="1" />`}
        <rect class="cost" y="${isMargin ? '5.5' : '2'}" width="${cost}" height="${isMargin ? '4.5' : '6'}" rx="1" />
      </svg>
    </td>
    ${isMargin && html`<td class="amount">${usdText(row.chargeNanos)}</td>`}
    <td class="amount">${usdText(row.costNanos)}</td>
    ${
      isMargin
        ? html`<td class="amount ${marginNanos < 0n ? 'bad' : 'good'}">
            ${usdText(marginNanos)} <span>${shareText(marginNanos, row.chargeNanos)}</span>
          </td>`
        : html`<td class="amount">${countText(row.requests)}</td>`
    }
  </tr>`;
}

function simulatedNote(): Html {
  return html`<p class="note" role="note">
    <strong>Simulated only.</strong> Every answer of the last 30 days came from simulated models: these amounts are
    examples, nobody owes them.
  </p>`;
}

function absenceNote(reason: string | undefined): Html {
  return html`<p class="note" role="note">
    <strong>No figures of money right now.</strong> There is no database: ${reason ?? 'it is starting'}. Requests go on
    without it and are counted later.
  </p>`;
}

function freshness(atMs: number, { projectedToMs }: MoneyFigures): string {
  if (projectedToMs === null) return ' · no request counted yet';
  const behindS = Math.max(0, Math.round((atMs - projectedToMs) / 1000));
  return behindS < 90 ? '' : ` · newest counted request ${timeText(projectedToMs)}`;
}

function max(...amounts: readonly bigint[]): bigint {
  return amounts.reduce((most, one) => (one > most ? one : most), 0n);
}
