export type { BookEvent, PriceAlert } from './book-event.ts';
export type { Observation } from './observation.ts';
export { type EndpointView, PriceBook } from './price-book.ts';
export { PriceStore } from './price-store.ts';
export type { StoredAlert } from './price-rows.ts';
export { RatingVersions } from './rating-versions.ts';
export { bookInTransaction, pricesChannel, StoredPriceBook } from './stored-price-book.ts';
export { PriceDesk, type PriceSource } from './price-desk.ts';
