import type { RoiReport } from '../../reports/index.ts';
import { countText, usdText } from './amounts.ts';
import { html, type Html } from './html.ts';
import { timeText } from './page-time.ts';
import { costPerSuccessText, nanosText, percentText, returnHref, returnText } from './return-texts.ts';
import { savingTable } from './return-waterfall.ts';

/** What jobs return, as measured last. */
export interface ReturnFigures {
  /** Undefined while the first measurement runs. */
  readonly measuredAtMs: number | undefined;
  readonly reports: readonly RoiReport[];
  /** Further jobs that had requests. */
  readonly more: number;
  /** Requests beyond what one report looks at. */
  readonly leftOut: number;
}

/** The section on what jobs cost per success and what they bring, a card for each. */
export function returnSection({ measuredAtMs, reports, more, leftOut }: ReturnFigures): Html {
  const lead =
    measuredAtMs === undefined
      ? html`Being measured from the log; it is here in a moment.`
      : html`The last 30 days of this gateway's log, as of ${timeText(measuredAtMs)}. What nobody told is neither
        success nor failure.`;
  return html`<section aria-labelledby="returns">
    <h2 id="returns" class="part"><a href="/rows/returns">Return by job</a></h2>
    <p class="lead">
      ${lead} ${leftOut > 0 && html`${countText(leftOut)} further requests were too many to be looked at.`}
    </p>
    ${measuredAtMs !== undefined && reports.length === 0 && noJobs()} ${reports.map(returnCard)}
    ${more > 0 && html`<p><a href="/rows/returns">${countText(more)} more ${more === 1 ? 'job' : 'jobs'}</a></p>`}
  </section>`;
}

function noJobs(): Html {
  return html`<p class="empty card">
    No request of a job yet. Send requests with the model <code>job/NAME</code>, and tell what became of them with
    <code>POST /api/v1/outcomes</code>.
  </p>`;
}

function returnCard(report: RoiReport): Html {
  const { job, saving } = report;
  return html`<article class="card return" aria-label="Return of job ${job}">
    <h3><a href="${returnHref(job, 'all')}">${job}</a> <span>${countText(report.requests)} requests</span></h3>
    <div class="facts">${costFact(report)} ${successFact(report)} ${unknownFact(report)} ${valueFact(report)}</div>
    ${saving === undefined ? noSaving() : savingTable(job, saving)}
  </article>`;
}

function fact(one: { label: string; figure: string; href: string; more: string; drawn?: Html | undefined }): Html {
  return html`<div class="fact">
    <div class="label">${one.label}</div>
    <a class="figure" href="${one.href}">${one.figure}</a>${one.drawn}
    <div class="more">${one.more}</div>
  </div>`;
}

function costFact(report: RoiReport): Html {
  const { costPerSuccess: cost, job, cost: parts } = report;
  const shared = { label: 'Full cost per success', figure: costPerSuccessText(report), href: returnHref(job, 'told') };
  if ('atLeastNanos' in cost) return fact({ ...shared, more: 'no success was told yet' });
  const { nanos, interval } = cost;
  const drafts = parts.draftNanos > 0n ? `; ${usdText(parts.draftNanos)} of the cost for drafts` : '';
  if (!interval) return fact({ ...shared, more: `one success has no interval${drafts}` });
  const [low, high] = interval;
  if (!Number.isFinite(high)) return fact({ ...shared, more: `at least ${nanosText(low)}${drafts}` });
  const drawn = intervalBar({ low: low / high, mid: nanos / high, high: 1 });
  return fact({ ...shared, drawn, more: `${nanosText(low)} to ${nanosText(high)}, by ${cost.clusters}${drafts}` });
}

function successFact({ job, successRate, successes, failures }: RoiReport): Html {
  const shared = { label: 'Success', href: returnHref(job, 'success') };
  if (!successRate) return fact({ ...shared, figure: '–', more: 'no outcome was told yet' });
  const { rate, interval } = successRate;
  const of = `${countText(successes)} of ${countText(successes + failures)} told`;
  if (!interval) return fact({ ...shared, figure: percentText(rate), more: `${of}: not enough data` });
  const drawn = intervalBar({ low: interval[0], mid: rate, high: interval[1] });
  const range = `${percentText(interval[0])} to ${percentText(interval[1])}`;
  return fact({ ...shared, figure: percentText(rate), drawn, more: `${range}; ${of}` });
}

function unknownFact({ job, unknown, requests }: RoiReport): Html {
  return fact({
    label: 'Unknown',
    figure: requests === 0 ? '–' : percentText(unknown / requests),
    href: returnHref(job, 'unknown'),
    more: `${countText(unknown)} of ${countText(requests)}: nobody told`,
  });
}

function valueFact({ job, returns }: RoiReport): Html {
  if (returns.length === 0) {
    return html`<div class="fact">
      <div class="label">Value and return</div>
      <div class="more">The job does not say what a success is worth: its <code>value</code>, low, mid and high.</div>
    </div>`;
  }
  const href = returnHref(job, 'success');
  return html`<div class="fact">
    <div class="label">Value and return</div>
    <table class="tight">
      ${returns.map(
        ({ estimate, valueNanos, roi }) =>
          html`<tr>
            <th scope="row">${estimate}</th>
            <td class="amount"><a href="${href}">${usdText(valueNanos)}</a></td>
            <td class="amount ${roi !== undefined && roi < 0 ? 'bad' : 'good'}">${returnText(roi)}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

function noSaving(): Html {
  return html`<p class="more">
    No saving is shown without a baseline: name the model that would have answered in the job's
    <code>floor.incumbent</code>.
  </p>`;
}

const barScale = 1000;

/** Where a figure lies within its interval, on a scale from nothing to one. */
function intervalBar({ low, mid, high }: { low: number; mid: number; high: number }): Html {
  const [from, at, to] = [low, mid, high].map((share) => Math.round(Math.min(1, Math.max(0, share)) * barScale));
  return html`<svg class="interval" viewBox="0 0 ${barScale} 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="ground" y="4" width="${barScale}" height="2" />
    <rect class="range" x="${from}" y="2" width="${Math.max(4, (to ?? 0) - (from ?? 0))}" height="6" />
    <rect class="mid" x="${Math.max(0, (at ?? 0) - 4)}" width="8" height="10" />
  </svg>`;
}
