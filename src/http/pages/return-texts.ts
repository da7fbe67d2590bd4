import type { RoiReport } from '../../reports/index.ts';
import { countText, usdText } from './amounts.ts';

/** Address of the requests behind a figure. */
export function returnHref(job: string, outcome: string): string {
  return `/rows/returns?${new URLSearchParams({ job, outcome })}`;
}

/** Cost per success without its interval; without a success what was spent is its lower bound. */
export function costPerSuccessText({ costPerSuccess: cost }: RoiReport): string {
  return 'atLeastNanos' in cost ? `≥ ${usdText(cost.atLeastNanos)}` : nanosText(cost.nanos);
}

/** A return as people read it: `+240 %`. */
export function returnText(roi: number | undefined): string {
  if (roi === undefined) return 'none';
  const size = countText(Math.round(Math.abs(roi) * 100));
  if (size === '0') return '0 %';
  return `${roi > 0 ? '+' : '−'}${size} %`;
}

/** A share in percent with one decimal. */
export function percentText(share: number): string {
  return `${share < 0 ? '−' : ''}${(Math.abs(share) * 100).toFixed(1)} %`;
}

/** An amount that is a statistical quantity, as money. */
export function nanosText(nanos: number): string {
  return usdText(BigInt(Math.round(nanos)));
}
