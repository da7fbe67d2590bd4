import { divideHalfEven } from '../../domain/money/money.ts';
import { count, percent, signedUsd, usd } from '../audit/figures.ts';
import type { ConcentrationFigure, Exposure, Scenario, WhatIfReport } from './what-if-report.ts';

const shownCustomers = 10;
const shownJobs = 8;

/** The answer in words for a terminal. */
export function whatIfLines(report: WhatIfReport): readonly string[] {
  const { requests, costNanos, affectedNanos, unpriced, undecided } = report;
  const gaps = [
    ...(unpriced > 0 ? [`${count(unpriced)} requests of unknown cost are in no figure`] : []),
    ...(undecided > 0 ? [`${count(undecided)} requests have no logged choice`] : []),
  ];
  return [
    `If ${report.question}: ${count(requests)} requests, ${usd(costNanos)}, of which ${usd(affectedNanos)} are touched`,
    ...gaps,
    '',
    ...table([
      ['routing', 'cost', 'change', '', 'moved', 'unserved', 'successes ±'],
      scenarioRow('as it was', report.frozen, requests),
      scenarioRow('decided again', report.redecided, requests),
    ]),
    '',
    ...customerLines(report),
    ...exposureLines(report.exposure),
    '',
    ...report.assumptions.map((text) => `assumed: ${text}`),
  ];
}

/** The answer as data; amounts become text where it is written as JSON. */
export function whatIfData(report: WhatIfReport): object {
  const scenario = ({ changePpm, ...rest }: Scenario): object => ({
    ...rest,
    changePercent: changePpm === undefined ? null : ppmAsPercent(changePpm),
  });
  return { ...report, frozen: scenario(report.frozen), redecided: scenario(report.redecided) };
}

function scenarioRow(name: string, scenario: Scenario, requests: number): string[] {
  const { costNanos, deltaNanos, changePpm, moved, unserved, successDelta } = scenario;
  const change = changePpm === undefined ? '' : `${changePpm > 0n ? '+' : ''}${percentText(changePpm)} %`;
  const lost = unserved === 0 ? '0' : `${count(unserved)} (${percent(unserved / Math.max(1, requests))})`;
  const successes = `${successDelta > 0 ? '+' : ''}${successDelta.toFixed(1)}`;
  return [name, usd(costNanos), signedUsd(deltaNanos), change, count(moved), lost, successes];
}

/** To one digit after the point, as people read it. */
function percentText(ppm: bigint): string {
  const permille = divideHalfEven(ppm < 0n ? -ppm : ppm, 1_000n);
  const fraction = permille % 10n === 0n ? '' : `.${permille % 10n}`;
  return `${ppm < 0n && permille > 0n ? '-' : ''}${permille / 10n}${fraction}`;
}

/** Exact to four digits after the point. */
function ppmAsPercent(ppm: bigint): string {
  const sign = ppm < 0n ? '-' : '';
  const digits = (ppm < 0n ? -ppm : ppm).toString().padStart(5, '0');
  const fraction = digits.slice(-4).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -4)}${fraction === '' ? '' : `.${fraction}`}`;
}

function customerLines({ customers }: WhatIfReport): string[] {
  const hit = customers.filter(
    (one) => one.frozenMarginDeltaNanos !== 0n || one.redecidedMarginDeltaNanos !== 0n || one.unserved > 0,
  );
  if (hit.length === 0) return ['no margin of a customer changes'];
  const rows = hit.slice(0, shownCustomers).map((one) => {
    const isLoss = one.marginNanos + one.frozenMarginDeltaNanos < 0n ? 'below cost' : '';
    const { frozenMarginDeltaNanos: frozen, redecidedMarginDeltaNanos: redecided } = one;
    return [one.customer, usd(one.marginNanos), signedUsd(frozen), signedUsd(redecided), count(one.unserved), isLoss];
  });
  const rest = hit.length > rows.length ? [`and ${count(hit.length - rows.length)} more customers`] : [];
  return [...table([['customer', 'margin', 'as it was', 'decided again', 'unserved', ''], ...rows]), ...rest];
}

function exposureLines({ index, coveredShare, jobs, byHost, byModel }: Exposure): string[] {
  const rows = jobs.slice(0, shownJobs).map((one) => {
    const cost = one.switchCost === undefined ? 'none' : `+${percent(one.switchCost)}`;
    return [
      one.job === '' ? '(no job)' : one.job,
      usd(one.spendNanos),
      one.model,
      one.alternative ?? 'none proven',
      cost,
    ];
  });
  return [
    '',
    `exposure ${index.toFixed(2)} of 1; ${percent(coveredShare)} of the spend has a proven alternative`,
    ...concentrationLine('hosts', byHost),
    ...concentrationLine('models', byModel),
    ...table([['job', 'spend', 'mostly on', 'alternative', 'switch'], ...rows]),
  ];
}

function concentrationLine(what: string, figure: ConcentrationFigure | undefined): string[] {
  if (figure === undefined) return [];
  const { spend, successes } = figure;
  const ofSuccesses = successes === undefined ? '' : `, of successes ${Math.round(successes.hhi)}`;
  return [
    `${what}: concentration ${Math.round(spend.hhi)} of 10,000${ofSuccesses}; worth ${spend.effectiveCount.toFixed(2)} equal ones`,
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
