/** The value below which a share of all values lies; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return rounded(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
}

/** Half of the values lie below it; robust against one disturbed round. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Three decimals: below that it is noise. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
