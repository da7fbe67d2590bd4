import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Journal } from '../../../journal/index.ts';
import { RatingVersions } from '../../../catalog/index.ts';
import {
  listQuarantined,
  outboxStates,
  type ProjectionProgress,
  readWatermarks,
  releaseQuarantined,
} from '../../../ledger/index.ts';
import { listGateways, releaseLeases } from '../../../tenants/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { nanosAsText, pageFields, pageOf, text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** How the projection of this gateway's own journal fares. */
export interface ProjectionViews {
  readonly journal: Journal;
  projection(): { readonly gatewayId: string; readonly progress: ProjectionProgress | undefined } | undefined;
}

const quarantined = z
  .object({
    id: z.string(),
    gatewayId: z.string(),
    segment: z.number(),
    byteOffset: z.number(),
    reason: z.string(),
    detail: z.string(),
    requestId: z.string(),
    factType: z.string(),
    costNanos: nanosAsText.meta({ description: 'What ledger and rollups lack because of it.' }),
    chargeNanos: nanosAsText,
    release: z
      .object({ atMs: z.number(), by: z.string(), reason: z.string() })
      .nullable()
      .meta({ description: 'Who booked it after all, when and why; null while it is set apart.' }),
  })
  .meta({ id: 'QuarantinedFact' });

const projected = z
  .object({
    gatewayId: z.string(),
    segment: z.number(),
    byteOffset: z.number(),
    facts: z.string(),
    repeated: z.string().meta({ description: 'Facts that were told again and changed nothing.' }),
    isOwn: z.boolean().meta({ description: 'The journal of the gateway that answers.' }),
    segmentsBehind: z.number().nullable().meta({ description: 'null: only the gateway itself knows its end.' }),
    bytesBehind: z.number().nullable().meta({ description: 'Within one segment; null when whole segments are.' }),
    failure: z.string().nullable().meta({ description: 'Why the last try failed; the backlog waits in the journal.' }),
  })
  .meta({ id: 'ProjectionState' });

const gateway = z
  .object({
    gatewayId: z.string(),
    epoch: z.string().meta({ description: 'Counts its runs; a later one fences the earlier.' }),
    status: z.enum(['live', 'in_doubt', 'stopped']),
    beatAtMs: z.number(),
    leasedNanos: nanosAsText.meta({ description: 'Granted to it and not yet projected.' }),
  })
  .meta({ id: 'GatewayRun' });

const params = z.strictObject({
  gatewayId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be the name of a gateway'),
});
const shared = { method: 'get', tag: 'operations', roles: staff, scope: 'organisation' } as const;

/** Routes for who keeps it running: projections, what was set apart, leases, what waits for other systems. */
export function operationRoutes(deps: ProjectionViews): ControlRoute[] {
  return [projections(deps), quarantine(), releaseFact(), gateways(), release(), outbox()];
}

function projections(deps: ProjectionViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'listProjections',
    path: '/operations/projections',
    summary: 'How far the journal of each gateway is in ledger and rollups.',
    answer: z.object({ data: z.array(projected) }),
    async handle(_input, { database }) {
      const own = deps.projection();
      const end = deps.journal.durableEnd();
      const rows = await readWatermarks(database.db);
      const data = rows.map(({ gatewayId, position, facts, repeated }) => {
        const isOwn = gatewayId === own?.gatewayId;
        const segmentsBehind = isOwn ? Math.max(0, end.segment - position.segment) : null;
        const bytesBehind = segmentsBehind === 0 ? Math.max(0, end.offset - position.offset) : null;
        const failure = isOwn ? (own?.progress?.failure ?? null) : null;
        const told = { facts: facts.toString(), repeated: repeated.toString(), isOwn, failure };
        return {
          gatewayId,
          segment: position.segment,
          byteOffset: position.offset,
          ...told,
          segmentsBehind,
          bytesBehind,
        };
      });
      return { data };
    },
  });
}

function quarantine(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listQuarantine',
    path: '/operations/quarantine',
    summary: 'Facts that are not in the books, newest first, with why and what the books lack because of them.',
    query: z.strictObject({
      ...pageFields,
      reason: text(64).optional(),
      state: z.enum(['held', 'released']).optional().meta({ description: 'Only those that are, or were, set apart.' }),
    }),
    answer: pageOf(quarantined),
    async handle({ query: { limit, cursor, reason, state } }, { database }) {
      const after = readCursor(cursor, ['number'])?.[0];
      const beforeId = after === undefined ? undefined : BigInt(after);
      const isReleased = state === undefined ? undefined : state === 'released';
      const rows = await listQuarantined(database.db, { limit: limit + 1, beforeId, reason, isReleased });
      const shown = rows.map((row) => ({ ...row, id: row.id.toString(), release: row.release ?? null }));
      return toPage(shown, limit, (row) => [Number(row.id)]);
    },
  });
}

function releaseFact(): ControlRoute {
  return route({
    operationId: 'releaseQuarantinedFact',
    method: 'post',
    path: '/operations/quarantine/{quarantineId}/release',
    tag: 'operations',
    summary:
      'Books the cost of an attempt that was held because its price gave another one, as the fact tells it; for once the price is corrected.',
    roles: ['owner', 'finance'],
    scope: 'organisation',
    audit: 'quarantine.release',
    params: z.strictObject({
      quarantineId: z.string().regex(/^[1-9][0-9]{0,17}$/, 'must be the id of a quarantined fact'),
    }),
    body: z.strictObject({
      reason: text(500).meta({ description: 'Why it is right; kept with the fact and in the audit log.' }),
      acceptDifference: z
        .boolean()
        .default(false)
        .meta({ description: 'Although its price still gives another cost.' }),
    }),
    answer: z.object({ id: z.string(), requestId: z.string(), customer: z.string(), costNanos: nanosAsText }),
    async handle({ params: { quarantineId: id }, body }, { database, principal, atMs, audited }) {
      const order = { id: BigInt(id), by: principal.name, nowMs: atMs, ...body };
      const { requestId, customer, costNanos } = await releaseQuarantined(
        database,
        order,
        new RatingVersions(database),
      );
      audited({ id, customerId: customer, after: { requestId, costNanos, ...body } });
      return { id, requestId, customer, costNanos };
    },
  });
}

function gateways(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listGateways',
    path: '/operations/gateways',
    summary: 'Gateways on this database with what they have leased of limits.',
    answer: z.object({ data: z.array(gateway) }),
    async handle(_input, { database }) {
      const runs = await listGateways(database);
      const data = runs.map((run) => ({ ...run, epoch: run.epoch.toString(), beatAtMs: Number(run.beatAtMs) }));
      return { data };
    },
  });
}

function release(): ControlRoute {
  return route({
    operationId: 'releaseGateway',
    method: 'post',
    path: '/operations/gateways/{gatewayId}/release',
    tag: 'operations',
    summary:
      'Gives back what a gateway that will not return had leased; right only once its journal is projected or lost.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    audit: 'gateway.release',
    params,
    body: z.strictObject({
      acceptLive: z.boolean().default(false).meta({ description: 'Although a run of it is live: it is fenced.' }),
    }),
    answer: z.object({ gatewayId: z.string(), releasedNanos: nanosAsText }),
    async handle({ params: { gatewayId }, body }, { database, audited }) {
      const runs = (await listGateways(database)).filter((run) => run.gatewayId === gatewayId);
      if (runs.length === 0) throw new Fault('not_found', { message: `There is no gateway "${gatewayId}".` });
      if (runs.some(({ status }) => status === 'live') && !body.acceptLive) {
        const message = `The gateway "${gatewayId}" is live; stop it first, or accept that it is fenced.`;
        throw new Fault('conflict', { message, param: 'acceptLive' });
      }
      const releasedNanos = await releaseLeases(database, { gatewayId });
      audited({ id: gatewayId, after: { releasedNanos } });
      return { gatewayId, releasedNanos };
    },
  });
}

function outbox(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listOutbox',
    path: '/operations/outbox',
    summary: 'Messages to other systems by state: waiting, sent, refused, superseded.',
    answer: z.object({
      data: z.array(
        z.object({
          sink: z.string(),
          state: z.string(),
          messages: z.string(),
          oldestAtMs: z.number(),
          lastError: z.string().nullable(),
        }),
      ),
    }),
    async handle(_input, { database }) {
      const states = await outboxStates(database);
      return { data: states.map((one) => ({ ...one, messages: one.messages.toString() })) };
    },
  });
}
