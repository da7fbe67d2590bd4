import { styleText } from 'node:util';
import { dayText } from '../../domain/money/periods.ts';
import { count, percent, shareOf, usd } from '../audit/figures.ts';
import type { RoiReport, Saving } from './roi-report.ts';

/** The report in words for a terminal. */
export function roiLines(report: RoiReport, isColoured: boolean): readonly string[] {
  const { job, fromMs, toMs, requests, successes, failures, unknown, rule } = report;
  return [
    `job ${job}, ${dayText(fromMs)} to ${dayText(toMs)}: ${count(requests)} requests`,
    `success is ${rule.text} (${rule.version})`,
    `${count(successes)} successes, ${count(failures)} failures, ${count(unknown)} unknown (${percent(unknown / Math.max(1, requests))})`,
    ...(report.successRate === undefined ? [] : [`success rate ${rateText(report.successRate)}`]),
    ...costLines(report),
    ...report.returns.map(
      ({ estimate, valueNanos, roi }) =>
        `value ${estimate}: ${usd(valueNanos)}${roi === undefined ? '' : `, return ${roiText(roi)}`}`,
    ),
    ...(report.returns.length === 0 ? ['no value: the job does not say what a success is worth (`value`)'] : []),
    ...(report.revenueNanos === 0n ? [] : [`revenue told: ${usd(report.revenueNanos)} (not shown to be caused by it)`]),
    ...(report.minutesSaved === 0 ? [] : [`minutes saved told: ${report.minutesSaved.toFixed(0)}`]),
    ...(report.saving === undefined ? [] : savingLines(report.saving, isColoured)),
  ];
}

/** Cost per success with its interval, or what is known without a success. */
export function costPerSuccessText({ costPerSuccess: cost }: RoiReport): string {
  if ('atLeastNanos' in cost) return `≥ ${usd(cost.atLeastNanos)} (no success yet)`;
  const { nanos, interval } = cost;
  if (interval === undefined) return `${nanosText(nanos)} (one observation has no interval)`;
  const upper = Number.isFinite(interval[1]) ? nanosText(interval[1]) : 'unknown';
  return `${nanosText(nanos)} (${nanosText(interval[0])} to ${upper})`;
}

/** A return as people read it: `+240 %`. */
export function roiText(roi: number): string {
  return `${roi > 0 ? '+' : ''}${(roi * 100).toFixed(0)} %`;
}

function costLines(report: RoiReport): string[] {
  const { totalNanos, wasteNanos, draftNanos, estimatedNanos, evaluationNanos, unpriced } = report.cost;
  const by = 'clusters' in report.costPerSuccess ? `, by ${report.costPerSuccess.clusters}` : '';
  return [
    `cost ${usd(totalNanos)}, of it ${usd(wasteNanos)} (${percent(shareOf(wasteNanos, totalNanos))}) for attempts without an answer, ` +
      `${percent(shareOf(estimatedNanos, totalNanos))} estimated`,
    ...(draftNanos === 0n ? [] : [`of these attempts ${usd(draftNanos)} for drafts that a verifier turned down`]),
    ...(evaluationNanos === 0n ? [] : [`beside it ${usd(evaluationNanos)} for evaluations`]),
    ...(unpriced === 0 ? [] : [`${count(unpriced)} requests of unknown cost are in no sum`]),
    `cost per success ${costPerSuccessText(report)}${by}`,
  ];
}

function savingLines(saving: Saving, isColoured: boolean): string[] {
  const { parity, baselineNanos, actualNanos, savedNanos, layers, restNanos } = saving;
  const struck = (text: string): string => {
    if (parity.isProven) return text;
    return isColoured ? styleText('strikethrough', text, { validateStream: false }) : `~~${text}~~`;
  };
  return [
    '',
    `against always ${parity.baseline} (${count(saving.requests)} requests):`,
    `  ${usd(baselineNanos).padStart(14)}  ${parity.baseline} for every request`,
    ...layers.map(({ name, savedNanos: saved, note }) => `  ${struck(usd(-saved).padStart(14))}  ${name}: ${note}`),
    ...(restNanos === 0n ? [] : [`  ${usd(-restNanos).padStart(14)}  not shown for sure by any layer`]),
    `  ${usd(actualNanos).padStart(14)}  paid`,
    `  estimated saving ${struck(`${usd(savedNanos)} (${percent(shareOf(savedNanos, baselineNanos))})`)}`,
    `  ${parity.isProven ? 'quality parity holds' : 'quality parity is not proven'}: ${parity.detail}`,
  ];
}

function rateText({ rate, interval }: NonNullable<RoiReport['successRate']>): string {
  if (interval === undefined) return `${percent(rate)} (not enough data)`;
  return `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`;
}

function nanosText(nanos: number): string {
  return usd(BigInt(Math.round(nanos)));
}
