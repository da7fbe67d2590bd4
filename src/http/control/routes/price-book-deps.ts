import type { EndpointView, PollState, StoredPriceBook } from '../../../catalog/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';

/** The price book that runs in this process, which the routes of prices read. */
export interface PriceBookDeps {
  /** Undefined until it is read from the database. */
  priceBook(): StoredPriceBook | undefined;
  /** How the catalogs that are polled fared. */
  pollStates(): readonly PollState[];
}

/** The book with everything that is stored by now, or a fault that says when to try again. */
export async function readBook({ priceBook }: PriceBookDeps): Promise<StoredPriceBook> {
  const book = priceBook();
  if (book) {
    await book.refresh();
    return book;
  }
  const message = 'The price book is being read from the database; try again.';
  throw new Fault('database_unavailable', { message, retryAfterMs: 2000 });
}

/** What the book knows of an endpoint. Throws `not_found`. */
export function viewOf(book: StoredPriceBook, endpoint: string): EndpointView {
  const view = book.view(endpoint);
  if (view) return view;
  throw new Fault('not_found', { message: `The price book has no endpoint "${endpoint}"; it looks like HOST/MODEL.` });
}
