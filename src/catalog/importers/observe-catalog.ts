import type { Observation } from '../price-book/observation.ts';
import type { CatalogOffer, ImportedCatalog } from './contract.ts';

/** When and from which document a catalog was read. */
export interface CatalogMoment {
  /** The catalog's date of this state: of its commit, or of the poll. */
  readonly atMs: number;
  readonly sourceHash?: string;
  /** Default: the format. */
  readonly source?: string;
}

/** Turns a catalog into observations. Only hosts that we can call have endpoints; the rest is left out. */
export function observeCatalog(catalog: ImportedCatalog, moment: CatalogMoment): Observation[] {
  const { sourceHash } = moment;
  const origin = { source: moment.source ?? catalog.format, ...(sourceHash !== undefined && { sourceHash }) };
  const seen = new Set<string>();
  const observations: Observation[] = [];
  for (const offer of catalog.offers) {
    const endpointId = `${offer.host}/${offer.model}`;
    // Catalogs that know a host under two names repeat its rows: the first one counts.
    if (!offer.isKnownHost || seen.has(endpointId)) continue;
    seen.add(endpointId);
    const { sourceText, facts } = offer;
    if (facts.aliasOf !== undefined) {
      const pointed = { aliasId: endpointId, endpointId: `${offer.host}/${facts.aliasOf}` };
      observations.push({ kind: 'alias', ...origin, ...pointed, atMs: moment.atMs });
    }
    if (offer.isDynamic) observations.push({ kind: 'dynamic', ...origin, endpointId, atMs: moment.atMs, sourceText });
    const terms = termsAt(offer, moment.atMs);
    if (!terms) continue;
    const inexact = offer.isInexact && { inexact: true };
    observations.push({ kind: 'quote', ...origin, endpointId, atMs: moment.atMs, terms, ...inexact, sourceText });
  }
  return observations;
}

/** The price that a row says holds at an instant. */
export function termsAt(offer: CatalogOffer, atMs: number): CatalogOffer['prices'][number]['terms'] | undefined {
  return offer.prices.findLast(({ fromMs }) => fromMs === undefined || fromMs <= atMs)?.terms;
}
