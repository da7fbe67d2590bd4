import { type Figure, isReached, type Section, type SectionOptions } from '../money/section.ts';
import { attack } from './attack.ts';
import { functions } from './functions.ts';
import { workspaces } from './workspaces.ts';

/** Everything that is measured, in this order. */
const sections: readonly Section[] = [workspaces, functions, attack];

/** Figures of a run. */
export interface RuntimeResult {
  readonly figures: readonly (Figure & { readonly isReached: boolean })[];
}

/** Measures one section after the other: they share the machine. */
export async function run(options: SectionOptions): Promise<RuntimeResult> {
  const figures: (Figure & { isReached: boolean })[] = [];
  for (const section of sections) {
    options.log(section.name);
    for (const figure of await section.measure(options)) figures.push({ ...figure, isReached: isReached(figure) });
  }
  return { figures };
}

/** The result for people. */
export function describe({ figures }: RuntimeResult): string {
  return figures.map(lineOf).join('\n');
}

function lineOf(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const text = `${name.padEnd(56)} ${value.toLocaleString('en-US')} ${unit}`;
  if (goal === undefined) return text;
  const bound = 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
  return `${text}  (goal ${bound}: ${isReached(figure) ? 'reached' : 'NOT reached'})`;
}
