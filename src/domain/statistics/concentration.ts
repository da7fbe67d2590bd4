/** How far an amount hangs on few: the index of Herfindahl and Hirschman, and the number of equal parts it is worth. */
export interface Concentration {
  /** 10,000 for one, towards 0 for many. */
  readonly hhi: number;
  readonly effectiveCount: number;
}

/** Concentration of amounts by vendor, host or model; undefined when they sum to nothing. */
export function concentration(amounts: readonly number[]): Concentration | undefined {
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  if (!(total > 0)) return undefined;
  const squares = amounts.reduce((sum, amount) => sum + (amount / total) ** 2, 0);
  return { hhi: squares * 10_000, effectiveCount: 1 / squares };
}
