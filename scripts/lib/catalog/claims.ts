import type { CatalogFormat, CatalogOffer, ModelFacts } from '../../../src/catalog/importers/contract.ts';
import { importCatalog } from '../../../src/catalog/importers/import-catalog.ts';

/** One catalog file, and the date of its state. */
export interface CatalogFile {
  readonly name: string;
  readonly date: string;
  readonly text: string;
}

/** What one catalog says of a model at a host. */
export interface Claim {
  readonly source: CatalogFormat;
  readonly date: string;
  readonly offer: CatalogOffer;
}

/** A model at a host with everything that is said of it. */
export interface ClaimedModel {
  readonly host: string;
  readonly model: string;
  readonly claims: readonly Claim[];
}

/** Catalogs whose licence lets their facts be shipped with a notice. */
const shippable: ReadonlySet<CatalogFormat> = new Set(['models.dev', 'litellm', 'genai-prices', 'portkey']);

/** Reads the catalogs and puts what they say of the same model at the same host together. */
export function collectClaims(files: readonly CatalogFile[]): ClaimedModel[] {
  const models = new Map<string, { host: string; model: string; claims: Claim[] }>();
  const patterns: Claim[] = [];
  for (const { name, date, text } of files) {
    const catalog = importCatalog(text);
    if (!catalog || !shippable.has(catalog.format)) continue;
    if (catalog.offers.length === 0) throw new Error(`${name} has no rows`);
    for (const offer of catalog.offers) {
      if (!offer.isKnownHost) continue;
      const claim = { source: catalog.format, date, offer };
      if (offer.matches) patterns.push(claim);
      const model = hostsName(offer);
      const key = `${offer.host}/${model}`;
      const known = models.get(key) ?? { host: offer.host, model, claims: [] };
      models.set(key, known);
      if (!known.claims.some(({ source }) => source === claim.source)) known.claims.push(claim);
    }
  }
  for (const model of models.values()) addPatterns(model, patterns);
  return [...models.values()];
}

/** A row that covers several names speaks for those that only add a date or a version to its own. */
function addPatterns(model: { host: string; model: string; claims: Claim[] }, patterns: readonly Claim[]): void {
  for (const claim of patterns) {
    const { offer } = claim;
    if (offer.host !== model.host || model.claims.some(({ source }) => source === claim.source)) continue;
    if (!offer.matches?.(model.model) || !model.model.startsWith(offer.model)) continue;
    if (/^[-@](\d{4}-?\d{2}-?\d{2}|latest|default)$/.test(model.model.slice(offer.model.length)))
      model.claims.push(claim);
  }
}

/** Fireworks' models live in accounts, which some catalogs leave out. */
function hostsName({ host, model }: CatalogOffer): string {
  return host === 'fireworks' && !model.includes('/') ? `accounts/fireworks/models/${model}` : model;
}

/** The first stated fact in order of how carefully a catalog keeps it. */
export function factOf<Key extends keyof ModelFacts>(claims: readonly Claim[], key: Key): ModelFacts[Key] | undefined {
  for (const source of ['models.dev', 'litellm', 'genai-prices', 'portkey']) {
    const fact = claims.find((claim) => claim.source === source)?.offer.facts[key];
    if (fact !== undefined) return fact;
  }
  return undefined;
}
