import { dayText } from '../../domain/money/periods.ts';
import type { CatalogFacts } from '../facts/catalog-facts.ts';
import type { PriceState } from '../facts/stored-row.ts';
import type { EndpointView } from '../price-book/index.ts';
import { flattenTerms } from '../price-book/flat-terms.ts';
import { differencesOf, type FigureDifference, figuresOf } from './price-figures.ts';

/** One period of an endpoint's price. */
export interface PricePeriod {
  readonly versionId: string;
  readonly validFromMs: number;
  readonly validToMs: number | undefined;
  /** The catalog's own date of the price, which is not the day on which it came into force here. */
  readonly seenAtMs: number;
  readonly status: string;
  readonly sources: readonly string[];
  readonly acceptedBy: string;
  readonly sourceText: string;
  readonly figures: { readonly [figure: string]: string };
  readonly changed: readonly FigureDifference[];
}

/** The price of an endpoint through time, oldest first, each period with what it changed. */
export function priceHistory(view: EndpointView): PricePeriod[] {
  return view.versions.map((version, at) => {
    const { id, validFromMs, validToMs, seenAtMs, status, sources, acceptedBy, sourceText, price } = version;
    const kept = { versionId: id, validFromMs, validToMs, seenAtMs, status, sources, acceptedBy, sourceText };
    return { ...kept, figures: figuresOf(price), changed: differencesOf(view.versions[at - 1]?.price, price) };
  });
}

/** What a catalog says where it differs from the price in use. */
export interface DifferingQuote {
  readonly source: string;
  readonly figures: { readonly [figure: string]: string | null };
}

/** Why a price is what it is. */
export interface PriceExplanation {
  readonly endpointId: string;
  readonly name: string | undefined;
  /** The model that a moving name stands for; `?` when no catalog says. */
  readonly standsFor: string | undefined;
  readonly state: PriceState | 'unknown';
  readonly versionId: string | undefined;
  /** USD per million units. */
  readonly figures: { readonly [figure: string]: string };
  readonly sources: readonly { readonly source: string; readonly date: string }[];
  readonly differing: readonly DifferingQuote[];
  readonly contextTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

/** Explains the shipped price of an endpoint at an instant; undefined when the shipped catalog does not have it. */
export function explainShippedPrice(
  facts: CatalogFacts,
  endpointId: string,
  atMs: number,
): PriceExplanation | undefined {
  const slash = endpointId.indexOf('/');
  const found = slash < 0 ? undefined : facts.find(endpointId.slice(0, slash), endpointId.slice(slash + 1), atMs);
  if (!found) return undefined;
  const { row, price, limits } = found;
  const originOf = (letter: string) => facts.origins[letter] ?? { source: letter, date: '' };
  return {
    endpointId,
    name: row.name,
    standsFor: row.alias,
    state: found.priceState ?? 'unknown',
    versionId: price?.versionId,
    figures: price ? figuresOf(price) : {},
    sources: [...(row.pricedBy ?? row.sources)].map(originOf),
    differing: Object.entries(row.differing ?? {}).map(([letter, figures]) => ({
      source: originOf(letter).source,
      figures,
    })),
    contextTokens: limits.contextTokens,
    maxOutputTokens: limits.maxOutputTokens,
  };
}

/** Explains the price in use and what each catalog says of it now, from the price book. */
export function explainBookPrice(
  view: EndpointView,
  atMs: number,
): Omit<PriceExplanation, 'state'> & { state: string } {
  const version = view.versions.findLast(
    ({ validFromMs, validToMs }) => validFromMs <= atMs && (validToMs === undefined || atMs < validToMs),
  );
  const inUse = version && flattenTerms(version.price);
  return {
    endpointId: view.endpointId,
    name: undefined,
    standsFor: undefined,
    state: view.state.kind,
    versionId: version?.id,
    figures: version ? figuresOf(version.price) : {},
    sources: view.quotes.map(({ source, seenMs }) => ({ source, date: dayText(seenMs) })),
    differing: view.quotes.flatMap(({ source, terms }) => {
      const moved = differencesOf(version?.price, terms).filter(({ figure, isMove, to }) => {
        return isMove && to !== null && inUse?.has(figure) === true;
      });
      return moved.length === 0
        ? []
        : [{ source, figures: Object.fromEntries(moved.map(({ figure, to }) => [figure, to])) }];
    }),
    contextTokens: undefined,
    maxOutputTokens: undefined,
  };
}
