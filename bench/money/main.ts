import { audit } from './audit.ts';
import { admission } from './admission.ts';
import { projector } from './projector.ts';
import { rating } from './rating.ts';
import { type Figure, isReached, type Section, type SectionOptions } from './section.ts';
import { usageQueries } from './usage-queries.ts';
import { whatIf } from './what-if.ts';

/** Everything that is measured, in this order. */
const sections: readonly Section[] = [rating, projector, admission, usageQueries, audit, whatIf];

/** Figures of a run. */
export interface MoneyResult {
  readonly figures: readonly (Figure & { readonly isReached: boolean })[];
}

/** Measures one section after the other: they share the machine. */
export async function run(options: SectionOptions): Promise<MoneyResult> {
  const figures: (Figure & { isReached: boolean })[] = [];
  for (const section of sections) {
    options.log(section.name);
    for (const figure of await section.measure(options)) figures.push({ ...figure, isReached: isReached(figure) });
  }
  return { figures };
}

/** The result for people. */
export function describe({ figures }: MoneyResult): string {
  return figures.map(lineOf).join('\n');
}

function lineOf(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const text = `${name.padEnd(48)} ${value.toLocaleString('en-US')} ${unit}`;
  if (goal === undefined) return text;
  const bound =
    'atLeast' in goal ? `>= ${goal.atLeast.toLocaleString('en-US')}` : `<= ${goal.atMost.toLocaleString('en-US')}`;
  return `${text}  (goal ${bound}: ${isReached(figure) ? 'reached' : 'NOT reached'})`;
}
