import type { Page as ItemPage } from '../../../tenants/index.ts';
import { type Page, readCursor, writeCursor } from './cursor.ts';

/** What a list of names or ids takes from its parameters. */
export function pageRequest(query: { readonly limit: number; readonly cursor?: string | undefined }): {
  readonly limit: number;
  readonly after?: string;
} {
  const after = readCursor(query.cursor, ['string'])?.[0];
  return { limit: query.limit, ...(after !== undefined && { after: String(after) }) };
}

/** Answers a page that a repository cut. */
export function answerPage<Item>({ items, next }: ItemPage<Item>): Page<Item> {
  return { data: [...items], nextCursor: next === undefined ? null : writeCursor([next]) };
}
