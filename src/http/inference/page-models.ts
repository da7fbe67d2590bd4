import type { ListedModel } from '../../catalog/index.ts';
import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import { Fault } from '../../domain/faults/fault.ts';

/** The part of the models list that a client asked for. */
export interface ModelPage {
  readonly models: readonly ListedModel[];
  /** Whether there are more in the direction in which the client turns pages. */
  readonly hasMore: boolean;
}

interface Cut {
  readonly limit: number | undefined;
  readonly after: string | undefined;
  readonly before: string | undefined;
}

/** Where each dialect has its pages; one that is not here lists everything at once. */
const pageFields: { readonly [Dialect in InboundDialectId]?: { readonly [Field in keyof Cut]?: string } } = {
  'anthropic-messages': { limit: 'limit', after: 'after_id', before: 'before_id' },
  gemini: { limit: 'pageSize', after: 'pageToken' },
};
const maxPage = 1000;

/** Cuts the page that the query asks for. Without a size it is everything: the list is short. */
export function pageModels(
  dialect: InboundDialectId,
  models: readonly ListedModel[],
  query: URLSearchParams,
): ModelPage | Fault {
  const fields = pageFields[dialect] ?? {};
  const read = (field: string | undefined): string | undefined => (field && query.get(field)) || undefined;
  const size = read(fields.limit);
  // Google takes 0 for "as you like".
  const limit = size === undefined || size === '0' ? undefined : Math.min(Number(size), maxPage);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) return wrong(fields.limit, 'a number from 1');
  for (const field of [fields.after, fields.before]) {
    const id = read(field);
    if (id !== undefined && !models.some((model) => model.id === id)) return wrong(field, 'a model of the list');
  }
  return cut(models, { limit, after: read(fields.after), before: read(fields.before) });
}

function cut(models: readonly ListedModel[], { limit = models.length, after, before }: Cut): ModelPage {
  const place = (id: string): number => models.findIndex((model) => model.id === id);
  if (before !== undefined) {
    const end = place(before);
    const start = Math.max(0, end - limit);
    return { models: models.slice(start, end), hasMore: start > 0 };
  }
  const start = after === undefined ? 0 : place(after) + 1;
  return { models: models.slice(start, start + limit), hasMore: start + limit < models.length };
}

function wrong(field: string | undefined, expected: string): Fault {
  return new Fault('invalid_request', { message: `${field}: must be ${expected}`, param: field });
}
