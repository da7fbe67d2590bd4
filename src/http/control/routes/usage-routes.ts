import { z } from 'zod';
import {
  type RecentExchange,
  recentExchanges,
  usage,
  type UsageDimension,
  usageDimensions,
  type UsageRow,
} from '../../../ledger/index.ts';
import { instantText, name, nanosAsText, pageFields, pageOf, text, timeZone } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import { readers } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

const sums = {
  requests: z.number(),
  failed: z.number(),
  aborted: z.number(),
  cacheHits: z.number(),
  attempts: z.number(),
  unpriced: z.number().meta({ description: 'Requests whose cost or charge is unknown; no amount includes them.' }),
  estimated: z.number(),
  chargeNanos: nanosAsText,
  costNanos: nanosAsText,
  marginNanos: nanosAsText.meta({ description: 'Charge less cost.' }),
  savedNanos: nanosAsText,
  absorbedNanos: nanosAsText,
  wasteNanos: nanosAsText,
  estimatedCostNanos: nanosAsText,
  estimatedChargeNanos: nanosAsText,
};
const counts = ['requests', 'failed', 'aborted', 'cacheHits', 'attempts', 'unpriced', 'estimated'] as const;

const usageRow = z
  .object({
    atMs: z.number().optional().meta({ description: 'Start of the hour, day or month.' }),
    dimensions: z.record(z.string(), z.string()),
    units: z.record(z.string(), z.number()).meta({ description: 'By usage bucket; the buckets do not overlap.' }),
    ...sums,
  })
  .meta({ id: 'UsageRow' });

const exchange = z
  .object({
    requestId: z.string(),
    startedAtMs: z.number(),
    endedAtMs: z.number(),
    customer: z.string(),
    key: z.string(),
    job: z.string(),
    model: z.string(),
    host: z.string(),
    endUser: z.string(),
    feature: z.string(),
    project: z.string(),
    status: z.string(),
    httpStatus: z.number(),
    fault: z.string(),
    cache: z.string(),
    attempts: z.number(),
    inputUnits: z.number(),
    outputUnits: z.number(),
    chargeNanos: nanosAsText.nullable().meta({ description: 'null is unknown.' }),
    costNanos: nanosAsText.nullable(),
    marginNanos: nanosAsText.nullable(),
    isEstimated: z.boolean(),
    totalMs: z.number(),
  })
  .meta({ id: 'Exchange' });

const groupBy = z
  .string()
  .max(200)
  .regex(
    new RegExp(`^(${usageDimensions.join('|')})(,(${usageDimensions.join('|')}))*$`),
    `must be some of ${usageDimensions.join(', ')}, separated by commas`,
  )
  .refine((list) => new Set(list.split(',')).size === list.split(',').length, 'must name each dimension once')
  .meta({ description: `Some of ${usageDimensions.join(', ')}, separated by commas.`, examples: ['customer,model'] });

const label = text(256).optional();
const filters = { customer: name.optional(), key: label, job: label, model: label, host: label, endUser: label };

/** Routes about what was used, from rollups, and the last requests one by one. */
export function usageRoutes(): ControlRoute[] {
  return [getUsage(), listRequests()];
}

function getUsage(): ControlRoute {
  return route({
    operationId: 'getUsage',
    method: 'get',
    path: '/usage',
    tag: 'usage',
    summary: 'Sums of use over a time, by any dimensions; from rollups, exact to the nano.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({
      ...pageFields,
      from: instantText.meta({ description: 'Start: a date in UTC, or milliseconds on a quarter of an hour.' }),
      to: instantText.meta({ description: 'End, not included.' }),
      groupBy: groupBy.optional(),
      every: z.enum(['hour', 'day', 'month']).optional(),
      timeZone: timeZone.optional().meta({ description: 'Zone of the days and months; else UTC.' }),
      ...filters,
      feature: label,
      project: label,
    }),
    answer: pageOf(usageRow),
    async handle({ query }, { database }) {
      const { from, to, limit, cursor, every, timeZone: zone, groupBy: list, ...where } = query;
      if (from >= to) throw new InputFault([{ field: 'to', detail: 'must be after from' }]);
      const dimensions = usageDimensions.filter((dimension) => list?.split(',').includes(dimension));
      checkInstants({ from, to }, dimensions.includes('endUser') || where.endUser !== undefined);
      const page = await usage(database, {
        fromMs: from,
        toMs: to,
        groupBy: dimensions,
        every,
        timeZone: zone,
        where: withoutNames(where),
        limit,
        cursor,
      });
      return { data: page.rows.map(toRow), nextCursor: page.nextCursor ?? null };
    },
  });
}

function listRequests(): ControlRoute {
  return route({
    operationId: 'listRequests',
    method: 'get',
    path: '/requests',
    tag: 'requests',
    summary: 'The last settled requests, newest first.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({
      ...pageFields,
      ...filters,
      status: z.enum(['completed', 'failed', 'aborted']).optional(),
      from: instantText.optional(),
      to: instantText.optional(),
    }),
    answer: pageOf(exchange),
    async handle({ query }, { database }) {
      const { from, to, ...where } = query;
      const { rows, nextCursor } = await recentExchanges(database, { ...where, fromMs: from, toMs: to });
      return { data: rows.map(toExchange), nextCursor: nextCursor ?? null };
    },
  });
}

const quarterMs = 900_000;
const dayMs = 86_400_000;

function checkInstants(instants: { readonly from: number; readonly to: number }, isByEndUser: boolean): void {
  const step = isByEndUser ? dayMs : quarterMs;
  const detail = isByEndUser ? 'must be a day of UTC: end users are kept by day' : 'must be on a quarter of an hour';
  const wrong = Object.entries(instants).filter(([, atMs]) => atMs % step !== 0);
  if (wrong.length > 0) throw new InputFault(wrong.map(([field]) => ({ field, detail })));
}

type Where = { readonly [Dimension in UsageDimension]?: string | undefined };

function withoutNames(where: Where): Where {
  return Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
}

function toRow(row: UsageRow): z.input<typeof usageRow> {
  const numbers = Object.fromEntries(counts.map((count) => [count, Number(row[count])]));
  const units = Object.fromEntries(Object.entries(row.units).map(([bucket, count]) => [bucket, Number(count)]));
  return { ...row, ...(numbers as { [Count in (typeof counts)[number]]: number }), units, dimensions: present(row) };
}

function present({ dimensions }: UsageRow): { [dimension: string]: string } {
  return Object.fromEntries(Object.entries(dimensions).map(([dimension, value]) => [dimension, value ?? '']));
}

function toExchange(row: RecentExchange): z.input<typeof exchange> {
  const { gatewayId: _gateway, position: _position, upstreamModel: _model, ...shown } = row;
  return { ...shown, inputUnits: Number(row.inputUnits), outputUnits: Number(row.outputUnits) };
}
