export { buildHosts, hostFromEnvironment, type KnownProvider } from './build-hosts.ts';
export {
  Catalog,
  type CatalogSource,
  type ListedModel,
  type OfferedModel,
  type ResolvedJob,
  type ResolvedModel,
} from './catalog.ts';
export { type PriceTexts, priceFromTexts } from './configured-price.ts';
export { CatalogFacts, type EndpointFacts } from './facts/catalog-facts.ts';
export { shippedObservations } from './facts/shipped-observations.ts';
export type { CatalogOrigin, PriceState, StoredRow } from './facts/stored-row.ts';
export { LocalDiscovery, type LocalHost, offerLocalModels } from './discover-local-hosts.ts';
export { discoverModels } from './discover-models.ts';
export { buildAllHosts, localHosts, type LocalProvider } from './local-hosts.ts';
export { RatingVersions } from './price-book/rating-versions.ts';
export type { CatalogOffer, ImportedCatalog } from './importers/contract.ts';
export { importCatalog } from './importers/import-catalog.ts';
