import { CatalogFacts, type StoredRow } from '../../../catalog/index.ts';
import type { Offer, OfferVersion } from './offer.ts';

/** Offers with where they come from, in words. */
export interface OfferSource {
  readonly offers: readonly Offer[];
  readonly name: string;
}

/** The prices that ship with the product: no network and no database is asked. */
export function shippedOffers(facts: CatalogFacts = new CatalogFacts()): OfferSource {
  const offers = facts.hosts().flatMap((host) => [...facts.rows(host)].map((row) => offerOf(facts, host, row)));
  const origins = Object.values(facts.origins).map(({ source, date }) => `${source} of ${date}`);
  return { offers, name: `the shipped catalog (${origins.join(', ')})` };
}

function offerOf(facts: CatalogFacts, host: string, row: StoredRow): Offer {
  return {
    host,
    model: row.model,
    versions: versionsOf(facts, host, row),
    baseModel: row.base,
    contextTokens: row.context,
  };
}

/** A moving name has the prices of the model behind it, where the catalog says which that is. */
function versionsOf(facts: CatalogFacts, host: string, row: StoredRow): OfferVersion[] {
  const behind = row.alias === undefined ? undefined : facts.find(host, row.alias, 0)?.row;
  const starts = (behind ?? row).prices?.map(({ from }) => from) ?? [];
  return starts.flatMap((from): OfferVersion[] => {
    const fromMs = from === undefined ? undefined : Date.parse(from);
    const price = facts.find(host, row.model, fromMs ?? 0)?.price;
    return price ? [{ fromMs, price }] : [];
  });
}
