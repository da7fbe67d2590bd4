import { Fault } from '../../domain/faults/fault.ts';

/** An item of a list that is read page by page. */
export interface ListedItem {
  readonly id: string;
}

const defaultLimit = 20;

/**
 * One page of a list in OpenAI's manner: `after` and `before` name items, `order` is by age. Takes and, by default,
 * gives the newest first.
 */
export function pageOf<Item extends ListedItem>(
  newestFirst: readonly Item[],
  query: URLSearchParams,
  maxLimit: number,
): { readonly items: readonly Item[]; readonly hasMore: boolean } | Fault {
  const limit = Number(query.get('limit') ?? Math.min(defaultLimit, maxLimit));
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return new Fault('invalid_request', { message: `limit must be from 1 to ${maxLimit}.`, param: 'limit' });
  }
  const order = query.get('order') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') {
    return new Fault('invalid_request', { message: 'order must be asc or desc.', param: 'order' });
  }
  const ordered = order === 'desc' ? newestFirst : newestFirst.toReversed();
  const start = positionOf(ordered, query.get('after'), -1) + 1;
  const end = positionOf(ordered, query.get('before'), ordered.length);
  const rest = ordered.slice(start, Math.max(start, end));
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}

/** An item that is gone ends the list: a client that pages on must not begin anew. */
function positionOf(items: readonly ListedItem[], id: string | null, absent: number): number {
  if (id === null) return absent;
  const position = items.findIndex((item) => item.id === id);
  return position < 0 ? items.length : position;
}

/** The body of a page. */
export function listBody(
  data: readonly object[],
  page: { readonly items: readonly ListedItem[]; readonly hasMore: boolean },
): object {
  const { items, hasMore } = page;
  return {
    object: 'list',
    data,
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}
