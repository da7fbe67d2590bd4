import { z } from 'zod';
import { explainBookPrice, priceHistory, type StoredPriceBook } from '../../../catalog/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { instantText, pageFields, pageOf, text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { type PriceBookDeps, readBook, viewOf } from './price-book-deps.ts';

const figures = z
  .record(z.string(), z.string())
  .meta({ description: 'USD per million units by figure: a bucket, with its condition after @.' });
const state = z.enum(['agreed', 'single', 'disputed', 'manual', 'provisional', 'dynamic', 'deprecated', 'unknown']);

const endpointPrice = z
  .object({
    endpoint: z.string().meta({ description: 'HOST/MODEL, by the name that catalogs know the host by.' }),
    state: z.string().meta({ examples: state.options }),
    versionId: z.string().nullable().meta({ description: 'The version in force; null while the price is unknown.' }),
    figures,
    sources: z.array(z.object({ source: z.string(), date: z.string() })).readonly(),
    differing: z
      .array(z.object({ source: z.string(), figures: z.record(z.string(), z.string().nullable()) }))
      .readonly()
      .meta({ description: 'Catalogs that say otherwise. Shown, never averaged.' }),
  })
  .meta({ id: 'EndpointPrice' });

const period = z
  .object({
    versionId: z.string(),
    validFromMs: z.number(),
    validToMs: z.number().nullable(),
    seenAtMs: z.number().meta({ description: "The catalog's own date of the price." }),
    status: z.string(),
    sources: z.array(z.string()).readonly(),
    acceptedBy: z.string(),
    sourceText: z.string().meta({ description: 'The price as the catalog writes it.' }),
    figures,
    changed: z
      .array(
        z.object({
          figure: z.string(),
          from: z.string().nullable(),
          to: z.string().nullable(),
          isMove: z.boolean().meta({ description: 'Beyond the tolerance within which catalogs agree.' }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'PricePeriod' });

const poll = z.object({
  url: z.string(),
  lastGoodAtMs: z.number().nullable(),
  endpoints: z.number(),
  problem: z.string().nullable().meta({ description: 'Why the last poll failed; its last good state holds.' }),
});

const shared = { method: 'get', tag: 'prices', roles: staff, scope: 'organisation' } as const;
const endpoint = text(300).meta({ description: 'HOST/MODEL.' });

/** Routes that read the price book. */
export function priceBookRoutes(deps: PriceBookDeps): ControlRoute[] {
  return [list(deps), explain(deps), history(deps), polls(deps)];
}

function list(deps: PriceBookDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'listPrices',
    path: '/prices',
    summary: 'What each endpoint costs, which catalogs say so and which say otherwise.',
    query: z.strictObject({
      ...pageFields,
      host: text(64).optional(),
      contains: text(100).optional().meta({ description: 'Part of HOST/MODEL.' }),
      state: state.optional(),
      at: instantText.optional().meta({ description: 'Prices of this instant; else now.' }),
    }),
    answer: pageOf(endpointPrice),
    async handle({ query }, { atMs }) {
      const { limit, cursor, at = atMs } = query;
      const book = await readBook(deps);
      const after = readCursor(cursor, ['string'])?.[0];
      const ids = [...book.endpointIds()]
        .filter((id) => (after === undefined || id > after) && isWanted(book, id, query))
        .toSorted()
        .slice(0, limit + 1);
      const rows = ids.map((id) => toPrice(book, id, at));
      return toPage(rows, limit, (one) => [one.endpoint]);
    },
  });
}

interface PriceFilter {
  readonly host?: string | undefined;
  readonly contains?: string | undefined;
  readonly state?: string | undefined;
}

function isWanted(book: StoredPriceBook, id: string, { host, contains, state: wanted }: PriceFilter): boolean {
  return (
    (host === undefined || id.startsWith(`${host}/`)) &&
    (contains === undefined || id.includes(contains)) &&
    (wanted === undefined || book.view(id)?.state.kind === wanted)
  );
}

function explain(deps: PriceBookDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'explainPrice',
    path: '/prices/explanation',
    summary: 'Why an endpoint costs what it costs: its price, who says so, who says otherwise.',
    query: z.strictObject({ endpoint, at: instantText.optional() }),
    answer: endpointPrice,
    handle: async ({ query }, { atMs }) => toPrice(await readBook(deps), query.endpoint, query.at ?? atMs),
  });
}

function history(deps: PriceBookDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'getPriceHistory',
    path: '/prices/history',
    summary: 'The price of an endpoint through time, oldest first; each request is rated by the price of its start.',
    query: z.strictObject({ endpoint }),
    answer: z.object({ data: z.array(period) }),
    async handle({ query }) {
      const periods = priceHistory(viewOf(await readBook(deps), query.endpoint));
      return { data: periods.map((one) => ({ ...one, validToMs: one.validToMs ?? null })) };
    },
  });
}

function polls(deps: PriceBookDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'listPriceSources',
    path: '/prices/sources',
    summary: 'The catalogs that are polled for prices, and how they fared.',
    answer: z.object({ data: z.array(poll) }),
    handle: () =>
      Promise.resolve({
        data: deps.pollStates().map(({ url, endpoints, lastGoodAtMs, problem }) => {
          return { url, endpoints, lastGoodAtMs: lastGoodAtMs ?? null, problem: problem ?? null };
        }),
      }),
  });
}

function toPrice(book: StoredPriceBook, id: string, atMs: number): z.input<typeof endpointPrice> {
  const explained = explainBookPrice(viewOf(book, id), atMs);
  return {
    endpoint: id,
    state: explained.state,
    versionId: explained.versionId ?? null,
    figures: { ...explained.figures },
    sources: [...explained.sources],
    differing: explained.differing.map((one) => ({ source: one.source, figures: { ...one.figures } })),
  };
}
