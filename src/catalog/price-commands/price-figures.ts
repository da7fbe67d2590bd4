import type { PriceTerms } from '../../domain/rating/price.ts';
import { type FlatTerms, flattenTerms, isClose } from '../price-book/flat-terms.ts';

/** One figure of a price that is not the same in two places; USD per million units, null where there is none. */
export interface FigureDifference {
  /** A bucket, with its condition after `@`: `output@{"minTotalInputGt":200000}`. */
  readonly figure: string;
  readonly from: string | null;
  readonly to: string | null;
  /** Beyond the tolerance within which catalogs agree: one percent, or one pico. */
  readonly isMove: boolean;
}

/** Compares two prices figure by figure. */
export function differencesOf(from: PriceTerms | undefined, to: PriceTerms | undefined): FigureDifference[] {
  const [left, right] = [flatOf(from), flatOf(to)];
  const names = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return names.flatMap((figure): FigureDifference[] => {
    const [before, after] = [left.get(figure), right.get(figure)];
    if (before === after) return [];
    const isMove = before === undefined || after === undefined || !isClose(before, after);
    return [{ figure, from: figureText(figure, before), to: figureText(figure, after), isMove }];
  });
}

/** Every figure of a price as text, in USD per million units. */
export function figuresOf(terms: PriceTerms): { readonly [figure: string]: string } {
  return Object.fromEntries(
    [...flattenTerms(terms)].map(([figure, value]) => [figure, figureText(figure, value) ?? '']),
  );
}

function flatOf(terms: PriceTerms | undefined): FlatTerms {
  return terms ? flattenTerms(terms) : new Map();
}

/** Ratios are kept in parts per million, a call in pico-USD, everything else in pico-USD per unit. */
function figureText(figure: string, value: bigint | undefined): string | null {
  if (value === undefined) return null;
  if (figure === 'tierMode') return value === 1n ? 'marginal' : 'cliff';
  return decimal(value, figure === 'call' ? 12 : 6);
}

function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, '');
}
