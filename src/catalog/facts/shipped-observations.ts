import type { Observation } from '../price-book/observation.ts';
import type { CatalogFacts } from './catalog-facts.ts';
import { readStoredPrice, type StoredRow } from './stored-row.ts';

/**
 * The shipped catalog as observations in order of time, so that a price book starts with what is known: each catalog
 * that says a row's price is a witness of it on its own date. Figures in which others differ are not told here; the
 * row has them.
 */
export function shippedObservations(facts: CatalogFacts): Observation[] {
  const observations = facts
    .hosts()
    .flatMap((host) => [...facts.rows(host)].flatMap((row) => observe(host, row, facts)));
  return observations.toSorted((left, right) => left.atMs - right.atMs);
}

function observe(host: string, row: StoredRow, { origins }: CatalogFacts): Observation[] {
  const endpointId = `${host}/${row.model}`;
  const observations: Observation[] = [];
  for (const letter of row.pricedBy ?? '') {
    const origin = origins[letter];
    if (origin === undefined) continue;
    const { source, date } = origin;
    if (row.alias !== undefined && row.alias !== '?') {
      const standsFor = `${host}/${row.alias}`;
      observations.push({ kind: 'alias', source, aliasId: endpointId, endpointId: standsFor, atMs: Date.parse(date) });
      // A name that stands for another is no key of a price.
      continue;
    }
    for (const price of row.prices ?? []) {
      const atMs = Math.max(Date.parse(date), price.from === undefined ? 0 : Date.parse(price.from));
      const sourceText = JSON.stringify(price);
      observations.push({ kind: 'quote', source, endpointId, atMs, terms: readStoredPrice(price), sourceText });
    }
  }
  return observations;
}
