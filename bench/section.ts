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

/** One thing that is measured; each has a file of its own, and a line where its measurement lists what it consists of. */
export interface Section {
  readonly name: string;
  measure(options: SectionOptions): Promise<readonly Figure[]>;
}

/** Figures of a run. */
export interface SectionsResult {
  readonly figures: readonly (Figure & { readonly isReached: boolean })[];
}

/** Measures one section after the other: they share the machine. */
export async function measureSections(sections: readonly Section[], options: SectionOptions): Promise<SectionsResult> {
  const figures: (Figure & { isReached: boolean })[] = [];
  for (const section of sections) {
    options.log(section.name);
    for (const figure of await section.measure(options)) figures.push({ ...figure, isReached: isReached(figure) });
  }
  return { figures };
}

/** The result for people. */
export function describeFigures({ figures }: SectionsResult): string {
  return figures.map(lineOf).join('\n');
}

/** Whether a figure reaches its goal; without a goal every figure does. */
function isReached({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

function lineOf(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const text = `${name.padEnd(56)} ${value.toLocaleString('en-US')} ${unit}`;
  if (goal === undefined) return text;
  const bound =
    'atLeast' in goal ? `>= ${goal.atLeast.toLocaleString('en-US')}` : `<= ${goal.atMost.toLocaleString('en-US')}`;
  return `${text}  (goal ${bound}: ${isReached(figure) ? 'reached' : 'NOT reached'})`;
}
