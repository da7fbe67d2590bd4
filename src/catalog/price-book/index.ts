export { type AliasMemory, type AliasSpan } from './alias-board.ts';
export type { BookEvent, FigureMove, PriceAlert } from './book-event.ts';
export { type BookPolicy, defaultBookPolicy, type EndpointState } from './book-policy.ts';
export type { EndpointMemory } from './endpoint-book.ts';
export type {
  AliasObservation,
  DynamicObservation,
  Observation,
  QuoteObservation,
  RemovalObservation,
} from './observation.ts';
export { type EndpointView, PriceBook, type StoredEndpoint } from './price-book.ts';
export type { PriceVersion, VersionStatus } from './price-version.ts';
export type { Quote } from './quote.ts';
export { PriceStore } from './price-store.ts';
export type { StoredAlert } from './price-rows.ts';
export { RatingVersions } from './rating-versions.ts';
export { bookInTransaction, type PriceAct, pricesChannel, StoredPriceBook } from './stored-price-book.ts';
export { decodeTerms, encodeTerms, termsSchema } from './terms-codec.ts';
export { PriceDesk, type PriceSource } from './price-desk.ts';
