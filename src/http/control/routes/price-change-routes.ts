import { z } from 'zod';
import {
  type BookEvent,
  bookInTransaction,
  catalogFormats,
  importPrices,
  planImport,
  readPriceFile,
  type StoredPriceBook,
  termsFromTexts,
} from '../../../catalog/index.ts';
import { priceSchema } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import { instantMs, name, text } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import { type Call, type ControlRoute, route } from '../framework/route.ts';
import { viewOf } from './price-book-deps.ts';

const effect = z
  .object({
    endpoint: z.string(),
    versionId: z.string().nullable().meta({ description: 'The version in force from now on.' }),
    versionsOpened: z.number(),
    versionsClosed: z.number(),
  })
  .meta({ id: 'PriceChange' });

const imported = z
  .object({
    source: z.string(),
    kind: z.enum(['catalog', 'history']),
    rows: z.number(),
    observations: z.number(),
    otherHosts: z.number().meta({ description: 'Rows of hosts that are not known here.' }),
    problemCount: z.number(),
    problems: z.array(z.object({ row: z.string(), message: z.string() })).meta({ description: 'The first of them.' }),
    versionsOpened: z.number(),
    versionsClosed: z.number(),
    notices: z.number(),
    pages: z.number(),
  })
  .meta({ id: 'PriceImport' });

const endpoint = text(300)
  .regex(/^[^/\s]+\/\S+$/, 'must be HOST/MODEL')
  .meta({ description: 'HOST/MODEL.' });
const shared = { method: 'post', tag: 'prices', roles: ['owner', 'operator'], scope: 'organisation' } as const;
const maxCatalogBytes = 32 * 1024 * 1024;
const shownProblems = 50;

/**
 * Routes that change the price book, in the transaction that also holds the audit entry: on a book of their own, while
 * other writers wait. Gateways read what was stored as soon as it is committed.
 */
export function priceChangeRoutes(): ControlRoute[] {
  return [confirm(), set(), release(), takeIn()];
}

function confirm(): ControlRoute {
  return route({
    ...shared,
    operationId: 'confirmPrice',
    path: '/prices/confirm',
    summary: 'Accepts what one catalog says: it rates requests from now on.',
    audit: 'price.confirm',
    body: z.strictObject({ endpoint, source: name.meta({ description: 'Name of the catalog.' }) }),
    answer: effect,
    async handle({ body }, call) {
      const act = { atMs: call.atMs, by: call.principal.name };
      const book = await bookInTransaction(call.database);
      const events = await book.confirm(body.endpoint, body.source, act);
      if (events) return changed(book, call, { endpoint: body.endpoint, events });
      throw new Fault('not_found', { message: `"${body.source}" says nothing of "${body.endpoint}".` });
    },
  });
}

function set(): ControlRoute {
  return route({
    ...shared,
    operationId: 'setPrice',
    path: '/prices/manual',
    summary: 'Sets a price by hand, which no catalog changes until it is released.',
    audit: 'price.set',
    body: z.strictObject({ endpoint, price: priceSchema }),
    answer: effect,
    async handle({ body }, call) {
      if (Object.keys(body.price).length === 0) {
        throw new InputFault([{ field: 'price', detail: 'must name at least one bucket; 0 is free' }]);
      }
      const act = { atMs: call.atMs, by: call.principal.name };
      const book = await bookInTransaction(call.database);
      const events = await book.setManual(body.endpoint, termsFromTexts(body.price), act);
      return changed(book, call, { endpoint: body.endpoint, events });
    },
  });
}

function release(): ControlRoute {
  return route({
    ...shared,
    operationId: 'releasePrice',
    path: '/prices/release',
    summary: 'Lets catalogs decide again about a price that was set by hand.',
    audit: 'price.release',
    body: z.strictObject({ endpoint }),
    answer: effect,
    async handle({ body }, call) {
      const book = await bookInTransaction(call.database);
      viewOf(book, body.endpoint);
      const events = await book.releaseManual(body.endpoint, call.atMs);
      return changed(book, call, { endpoint: body.endpoint, events });
    },
  });
}

function takeIn(): ControlRoute {
  return route({
    ...shared,
    operationId: 'importPrices',
    path: '/prices/import',
    summary: 'Takes a catalog, or a history of price changes, into the price book; moves stay provisional as ever.',
    audit: 'price.import',
    maxBodyBytes: maxCatalogBytes,
    body: z.strictObject({
      content: z
        .string()
        .min(1)
        .max(maxCatalogBytes)
        .meta({ description: 'Text of the file: JSON, JSON lines, or CSV of price changes.' }),
      format: z.enum(catalogFormats).optional().meta({ description: 'Else recognized by its rows.' }),
      provider: name.optional().meta({ description: 'Host of a file that holds only one.' }),
      stateAtMs: instantMs.optional().meta({ description: "Date of a catalog's state; else now." }),
    }),
    answer: imported,
    async handle({ body: { content, format, provider, stateAtMs } }, call) {
      const file = readPriceFile(Buffer.from(content), {
        ...(format && { format }),
        ...(provider !== undefined && { provider }),
      });
      if (!file) {
        const known = catalogFormats.join(', ');
        throw new InputFault([{ field: 'content', detail: `must be a catalog (${known}) or a CSV of price changes` }]);
      }
      const plan = planImport(file, stateAtMs ?? call.atMs);
      const done = await importPrices(plan, await bookInTransaction(call.database));
      const { source, rows, otherHosts, problemCount } = plan;
      const counts = { rows, otherHosts, problemCount, observations: plan.observations.length, ...done };
      call.audited({ id: source, after: counts });
      const problems = plan.problems.slice(0, shownProblems).map(({ row, message }) => ({ row, message }));
      return { source, kind: file.kind, ...counts, problems };
    },
  });
}

function changed(
  book: StoredPriceBook,
  { audited, atMs }: Call,
  done: { readonly endpoint: string; readonly events: readonly BookEvent[] },
): z.input<typeof effect> {
  const versionId = book.priceAt(done.endpoint, atMs)?.id ?? null;
  const count = (type: BookEvent['type']): number => done.events.filter((event) => event.type === type).length;
  const after = { versionId, versionsOpened: count('version_opened'), versionsClosed: count('version_closed') };
  audited({ id: done.endpoint, after });
  return { endpoint: done.endpoint, ...after };
}
