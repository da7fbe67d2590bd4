import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { type ExchangeBoard, toExchangeRecord } from '../../../gateway/index.ts';
import type { Journal } from '../../../journal/index.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { OutcomeBook } from '../../../routing/index.ts';
import type { Signals } from '../../../signals/index.ts';
import { id } from '../framework/fields.ts';
import { readers, staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What the gateway shows of itself. */
export interface GatewayViews {
  readonly journal: Journal;
  readonly outcomes: OutcomeBook;
  readonly board: ExchangeBoard;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly startedAtMs: number;
}

const requestId = id('req');
const anyObject = z.record(z.string(), z.unknown());

/** Routes of the gateway itself, which work without the database: records and the live view. */
export function gatewayRoutes(views: GatewayViews): ControlRoute[] {
  return [getRequest(views), getLive(views)];
}

function getRequest({ journal, outcomes }: GatewayViews): ControlRoute {
  return route({
    operationId: 'getRequest',
    method: 'get',
    path: '/requests/{requestId}',
    tag: 'requests',
    summary: 'Facts, attempts, cost and decision of one request.',
    roles: readers,
    scope: 'answer',
    withoutDatabase: true,
    params: z.strictObject({ requestId }),
    answer: anyObject.meta({ description: 'The record of the request.' }),
    ownerOf: ({ open, final }) => customerOf(open) ?? customerOf(final),
    async handle({ params }) {
      const record = toExchangeRecord(params.requestId, await journal.find(params.requestId));
      if (!record) throw new Fault('not_found', { message: `There is no request ${params.requestId}.` });
      // The journal's search ends with the final fact; outcomes come later.
      return { ...record, outcomes: outcomes.of(params.requestId) };
    },
  });
}

function customerOf(fact: unknown): string | undefined {
  if (typeof fact !== 'object' || fact === null || !('customer' in fact)) return undefined;
  return String(fact.customer);
}

function getLive(views: GatewayViews): ControlRoute {
  return route({
    operationId: 'getLive',
    method: 'get',
    path: '/live',
    tag: 'requests',
    summary: 'What is running now, what just ended, and how the endpoints are doing.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    answer: anyObject.meta({ description: 'A snapshot.' }),
    handle: () => Promise.resolve(liveSnapshot(views)),
  });
}

function liveSnapshot({ board, signals, journal, clock, startedAtMs }: GatewayViews): Record<string, unknown> {
  return {
    atMs: clock.nowMs(),
    startedAtMs,
    requests: {
      total: board.total,
      runningCount: board.runningCount,
      running: board.running(50),
      recent: board.recent(50),
    },
    endpoints: [...signals.all()].map(([endpoint, one]) => ({
      endpoint,
      ...one.speed(),
      availability: one.availability().state,
    })),
    journal: journal.state(),
  };
}
