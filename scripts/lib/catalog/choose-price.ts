import { flattenTerms, type FlatTerms, isClose, mergeTerms } from '../../../src/catalog/price-book/flat-terms.ts';
import type { PriceTerms } from '../../../src/domain/rating/price.ts';
import { termsAt } from '../../../src/catalog/importers/observe-catalog.ts';
import type { Claim } from './claims.ts';

/** The price of a row, who says so and who says otherwise. */
export interface ChosenPrice {
  readonly terms: PriceTerms;
  readonly pricedBy: readonly string[];
  /** By source: the figures in which it differs, null where it has none of a figure that others state. */
  readonly differing: { readonly [source: string]: { readonly [figure: string]: bigint | null } };
}

interface Priced {
  readonly source: string;
  readonly date: string;
  readonly terms: PriceTerms;
  readonly flat: FlatTerms;
}

const rank = ['genai-prices', 'litellm', 'portkey', 'models.dev'];

/**
 * Takes the price on which most catalogs agree, the newest catalog deciding a draw. Figures that only some catalogs
 * know (batches, service tiers, one-hour cache writes) are added from those that agree on input and output; tiers by
 * context come from the chosen catalog, since their absence there is a statement too.
 */
export function choosePrice(claims: readonly Claim[]): ChosenPrice | undefined {
  const priced = claims.flatMap(({ source, date, offer }): Priced[] => {
    const stated = termsAt(offer, Date.parse(date));
    const terms = stated && withoutEmptyCache(stated);
    return terms ? [{ source, date, terms, flat: flattenTerms(terms) }] : [];
  });
  const groups = priced.map((one) => priced.filter((other) => sameBase(one.flat, other.flat)));
  const [best] = groups.toSorted(
    (left, right) => right.length - left.length || newest(right).localeCompare(newest(left)),
  );
  const lead = best?.toSorted((left, right) => rank.indexOf(left.source) - rank.indexOf(right.source))[0];
  if (!best || !lead || isUnconfirmedZero(lead, best.length) || isPerRequest(lead)) return undefined;
  let terms = lead.terms;
  for (const other of best) {
    if (other === lead) continue;
    const flat = flattenTerms(terms);
    const added = [...other.flat.keys()].filter((figure) => !flat.has(figure) && isAddable(figure));
    terms = mergeTerms(terms, other.terms, new Set(added));
  }
  const chosen = flattenTerms(terms);
  const differing = Object.fromEntries(
    priced.flatMap(({ source, flat }) => {
      const figures = [...flat].filter(([figure, value]) => differs(chosen.get(figure), value));
      return figures.length === 0 ? [] : [[source, Object.fromEntries(figures)]];
    }),
  );
  return { terms, pricedBy: best.map(({ source }) => source), differing };
}

function newest(group: readonly Priced[]): string {
  return (
    group
      .map(({ date }) => date)
      .toSorted()
      .at(-1) ?? ''
  );
}

function sameBase(left: FlatTerms, right: FlatTerms): boolean {
  return ['input', 'output'].every((figure) => {
    const [one, other] = [left.get(figure), right.get(figure)];
    return one === undefined || other === undefined ? one === other : isClose(one, other);
  });
}

/** A figure that the chosen price lacks is less, not other; only context tiers are meant to be complete. */
function differs(chosen: bigint | undefined, stated: bigint): boolean {
  return chosen !== undefined && !isClose(chosen, stated);
}

function isAddable(figure: string): boolean {
  return !figure.includes('minTotalInputGt') && !figure.includes('utcStartMs');
}

/** Nothing is free because one catalog has no figure: zero needs a second catalog. */
function isUnconfirmedZero({ flat }: Priced, agreeing: number): boolean {
  return agreeing < 2 && [...flat.values()].every((value) => value === 0n);
}

/** Beyond a thousand dollars per million it is the price of a request that was filed under tokens. */
function isPerRequest({ flat }: Priced): boolean {
  return (flat.get('input') ?? 0n) >= 1_000_000_000n;
}

/** A cache price of zero beside a priced input is how some catalogs write that there is no cache. */
function withoutEmptyCache(terms: PriceTerms): PriceTerms {
  if (!terms.picosPerUnit.input) return terms;
  const empty = (['cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const).filter(
    (key) => terms.picosPerUnit[key] === 0n,
  );
  return empty.length === 0 ? terms : mergeTerms(terms, { picosPerUnit: {} }, new Set(empty));
}
