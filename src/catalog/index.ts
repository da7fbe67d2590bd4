export { buildHosts, hostFromEnvironment } from './build-hosts.ts';
export { Catalog, jobVersionId } from './catalog.ts';
export type { ListedModel, OfferedModel, ResolvedJob, ResolvedModel, StoredJob } from './resolved.ts';
export { priceFromTexts, termsFromTexts } from './configured-price.ts';
export { CatalogFacts } from './facts/catalog-facts.ts';
export { type PromptVersion, promptVersionOf } from './prompt-version.ts';
export { publicScores } from './facts/public-scores.ts';
export { codeBuildJob, codeFixJob } from './shipped-jobs.ts';
export type { StoredRow } from './facts/stored-row.ts';
export { LocalDiscovery, type LocalHost, offerLocalModels } from './discover-local-hosts.ts';
export { discoverModels } from './discover-models.ts';
export { buildAllHosts, localHosts } from './local-hosts.ts';
export type { BookEvent, PriceAlert } from './price-book/book-event.ts';
export type { Observation } from './price-book/observation.ts';
export { type EndpointView, PriceBook } from './price-book/price-book.ts';
export { PriceDesk, type PriceSource } from './price-book/price-desk.ts';
export type { StoredAlert } from './price-book/price-rows.ts';
export { PriceStore } from './price-book/price-store.ts';
export { RatingVersions } from './price-book/rating-versions.ts';
export { bookInTransaction, pricesChannel, StoredPriceBook } from './price-book/stored-price-book.ts';
export { catalogFormats, type CatalogFormat } from './importers/contract.ts';
export type { PollState } from './importers/catalog-poll.ts';
export { importCatalog } from './importers/import-catalog.ts';
export { importPriceHistory } from './importers/import-price-history.ts';
export { type CatalogDifference, diffCatalogs } from './price-commands/diff-catalogs.ts';
export {
  explainBookPrice,
  explainShippedPrice,
  type PriceExplanation,
  priceHistory,
  type PricePeriod,
} from './price-commands/explain-price.ts';
export { importPrices, planImport, type PriceImport, tryImport } from './price-commands/import-prices.ts';
export { type PriceFile, readPriceFile } from './price-commands/read-price-file.ts';
export { PriceFeed } from './price-feed.ts';
export { JobCopy } from './job-copy.ts';
export { archiveJob, asStoredJobs, type JobVersion, jobsChannel, readJobs, writeJob } from './job-store.ts';
