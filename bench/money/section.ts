/** One measured figure beside its goal. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

/** How long and how thoroughly to measure. */
export interface SectionOptions {
  readonly quick: boolean;
  log(line: string): void;
}

/** One thing that is measured; each has a file of its own beside this one and a line in `main.ts`. */
export interface Section {
  readonly name: string;
  measure(options: SectionOptions): Promise<readonly Figure[]>;
}

/** Whether a figure reaches its goal; without a goal every figure does. */
export function isReached({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}
