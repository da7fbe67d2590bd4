import type { CatalogOffer, ImportedCatalog } from '../importers/contract.ts';
import { termsAt } from '../importers/observe-catalog.ts';
import { differencesOf, type FigureDifference } from './price-figures.ts';

/** What is not the same in two catalogs about one endpoint. */
export interface CatalogDifference {
  readonly endpointId: string;
  /** `added` and `removed` say that only one of the two has it. */
  readonly change: 'added' | 'removed' | 'moved';
  readonly figures: readonly FigureDifference[];
}

/** Two catalogs compared. */
export interface CatalogDiff {
  readonly differences: readonly CatalogDifference[];
  /** Endpoints that both have. */
  readonly shared: number;
  /** Of these, the ones whose prices agree within one percent. */
  readonly agreed: number;
}

/**
 * Compares two states of a catalog, or two catalogs, endpoint by endpoint, at the prices that hold at an instant.
 * Nothing is averaged: both figures are shown.
 */
export function diffCatalogs(from: ImportedCatalog, to: ImportedCatalog, atMs: number): CatalogDiff {
  const [left, right] = [offersOf(from), offersOf(to)];
  const differences: CatalogDifference[] = [];
  let shared = 0;
  let agreed = 0;
  for (const endpointId of [...new Set([...left.keys(), ...right.keys()])].toSorted()) {
    const [before, after] = [left.get(endpointId), right.get(endpointId)];
    const figures = differencesOf(before && termsAt(before, atMs), after && termsAt(after, atMs));
    if (before && after) shared++;
    if (before && after && !figures.some(({ isMove, from: old, to: now }) => isMove && old !== null && now !== null)) {
      agreed++;
    }
    if (figures.length === 0 && before && after) continue;
    const oneSided = before ? 'removed' : 'added';
    differences.push({ endpointId, change: before && after ? 'moved' : oneSided, figures });
  }
  return { differences, shared, agreed };
}

function offersOf(catalog: ImportedCatalog): Map<string, CatalogOffer> {
  const offers = new Map<string, CatalogOffer>();
  for (const offer of catalog.offers) {
    const endpointId = `${offer.host}/${offer.model}`;
    if (!offers.has(endpointId)) offers.set(endpointId, offer);
  }
  return offers;
}
