import { z } from 'zod';
import { PriceStore, type StoredAlert } from '../../../catalog/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { pageFields, pageOf } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

const alert = z
  .object({
    id: z.string(),
    kind: z.enum(['price_changed', 'price_disputed', 'alias_moved', 'route_removed', 'margin_below_floor']),
    severity: z.enum(['notice', 'page']),
    endpointId: z.string(),
    raisedAtMs: z.number(),
    pagedAtMs: z.number().optional(),
    seenAtMs: z.number().meta({ description: 'When the first catalog said so.' }),
    acknowledgedAtMs: z.number().optional(),
    acknowledgedBy: z.string().optional(),
    sources: z.array(z.string()),
    moves: z.array(z.object({ figure: z.string(), from: z.bigint().nullable(), to: z.bigint().nullable() })),
    message: z.string(),
  })
  .meta({ id: 'PriceAlert' });

/** Routes about prices that moved. */
export function priceRoutes(): ControlRoute[] {
  return [listAlerts(), acknowledge()];
}

function listAlerts(): ControlRoute {
  return route({
    operationId: 'listPriceAlerts',
    method: 'get',
    path: '/prices/alerts',
    tag: 'prices',
    summary: 'Prices that moved, customers whose margin they took, moved names and removed routes, newest first.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject(pageFields),
    answer: pageOf(alert),
    async handle({ query: { limit, cursor } }, { database }) {
      const place = readCursor(cursor, ['number', 'string']);
      const before = place && { raisedAtMs: Number(place[0]), id: String(place[1]) };
      const store = new PriceStore(database);
      const alerts = await store.listAlerts({ limit: limit + 1, ...(before !== undefined && { before }) });
      return toPage(alerts.map(toAnswer), limit, (one) => [one.raisedAtMs, one.id]);
    },
  });
}

function acknowledge(): ControlRoute {
  return route({
    operationId: 'acknowledgePriceAlert',
    method: 'post',
    path: '/prices/alerts/{alertId}/acknowledge',
    tag: 'prices',
    summary: 'Says that somebody has seen to an alert.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    status: 204,
    audit: 'price-alert.acknowledge',
    params: z.strictObject({ alertId: z.string().regex(/^[a-z]+_[0-9a-f]{20}$/, 'must be the id of an alert') }),
    answer: z.undefined(),
    async handle({ params: { alertId } }, { database, principal, atMs, audited }) {
      const isDone = await new PriceStore(database).acknowledge(alertId, { atMs, by: principal.name });
      if (!isDone) throw new Fault('not_found', { message: `There is no open alert ${alertId}.` });
      audited({ id: alertId });
      return undefined;
    },
  });
}

function toAnswer(one: StoredAlert): z.input<typeof alert> {
  return { ...one, sources: [...one.sources], moves: [...one.moves] };
}
