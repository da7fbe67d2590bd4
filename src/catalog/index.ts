export { buildHosts, hostFromEnvironment, type KnownProvider } from './build-hosts.ts';
export {
  Catalog,
  type CatalogSource,
  jobVersionId,
  type ListedModel,
  type OfferedModel,
  type ResolvedJob,
  type ResolvedModel,
  type StoredJob,
} from './catalog.ts';
export { type PriceTexts, priceFromTexts, termsFromTexts } from './configured-price.ts';
export { CatalogFacts, type EndpointFacts } from './facts/catalog-facts.ts';
export { type PromptVersion, promptVersionOf } from './prompt-version.ts';
export { type PublicScore, publicScores } from './facts/public-scores.ts';
export { codeBuildJob, codeFixJob } from './shipped-jobs.ts';
export { shippedObservations } from './facts/shipped-observations.ts';
export type { CatalogOrigin, PriceState, StoredRow } from './facts/stored-row.ts';
export { LocalDiscovery, type LocalHost, offerLocalModels } from './discover-local-hosts.ts';
export { discoverModels } from './discover-models.ts';
export { buildAllHosts, localHosts, type LocalProvider } from './local-hosts.ts';
export type { BookEvent, FigureMove, PriceAlert } from './price-book/book-event.ts';
export { type BookPolicy, defaultBookPolicy, type EndpointState } from './price-book/book-policy.ts';
export type { Observation } from './price-book/observation.ts';
export { type EndpointView, PriceBook } from './price-book/price-book.ts';
export { PriceDesk, type PriceSource } from './price-book/price-desk.ts';
export type { StoredAlert } from './price-book/price-rows.ts';
export { PriceStore } from './price-book/price-store.ts';
export type { PriceVersion } from './price-book/price-version.ts';
export { RatingVersions } from './price-book/rating-versions.ts';
export { bookInTransaction, type PriceAct, pricesChannel, StoredPriceBook } from './price-book/stored-price-book.ts';
export { decodeTerms, encodeTerms, termsSchema } from './price-book/terms-codec.ts';
export { catalogFormats, type CatalogFormat } from './importers/contract.ts';
export { CatalogPoll, type PolledSource, type PollState } from './importers/catalog-poll.ts';
export { fetchCatalog, type FetchedCatalog } from './importers/fetch-catalog.ts';
export { importCatalog } from './importers/import-catalog.ts';
export { importPriceHistory } from './importers/import-price-history.ts';
export { observeCatalog } from './importers/observe-catalog.ts';
export { type CatalogDiff, type CatalogDifference, diffCatalogs } from './price-commands/diff-catalogs.ts';
export {
  explainBookPrice,
  explainShippedPrice,
  type PriceExplanation,
  priceHistory,
  type PricePeriod,
} from './price-commands/explain-price.ts';
export {
  type ImportEffect,
  importPrices,
  planImport,
  type PriceImport,
  tryImport,
} from './price-commands/import-prices.ts';
export { type PriceFile, readPriceFile } from './price-commands/read-price-file.ts';
export { type FedBook, PriceFeed, type PriceFeedDependencies } from './price-feed.ts';
export { JobCopy } from './job-copy.ts';
export { archiveJob, asStoredJobs, type JobVersion, jobsChannel, readJobs, writeJob } from './job-store.ts';
