import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { Fault } from '../../domain/fault.ts';
import { type ExchangeBoard, postOutcome, toExchangeRecord } from '../../gateway/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { OutcomeBook } from '../../routing/index.ts';
import type { Signals } from '../../signals/index.ts';
import { problem, problemSchema } from './problem.ts';

/** What the control API shows and changes. */
export interface ControlDeps {
  readonly journal: Journal;
  readonly outcomes: OutcomeBook;
  readonly board: ExchangeBoard;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly startedAtMs: number;
  isOwner(token: string): boolean;
}

const requestId = z.string().regex(/^req_[0-9a-f]{32}$/, 'must be a request id: req_ and 32 hexadecimal digits');
const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});
const problems = {
  400: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'Wrong input.' },
  401: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'No or wrong owner token.' },
  404: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'No such object.' },
};
const anyObject = z.record(z.string(), z.json());

const getRequest = createRoute({
  method: 'get',
  path: '/api/v1/requests/{requestId}',
  summary: 'Facts, attempts, cost and decision of one request.',
  request: { params: z.object({ requestId }) },
  responses: { 200: json(anyObject, 'The record of the request.'), ...problems },
});

const getLive = createRoute({
  method: 'get',
  path: '/api/v1/live',
  summary: 'What is running now, what just ended, and how the endpoints are doing.',
  responses: { 200: json(anyObject, 'A snapshot.'), ...problems },
});

const createOutcome = createRoute({
  method: 'post',
  path: '/api/v1/outcomes',
  summary: 'Evidence of the value of an answer, from which routing learns.',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            requestId,
            kind: z.string().min(1).max(64).default('score'),
            value: z.number().min(0).max(1).optional().meta({ description: '0 is worthless, 1 is right.' }),
            source: z.string().min(1).max(64).default('api'),
            idempotencyKey: z.string().min(1).max(128).optional(),
          }),
        },
      },
    },
  },
  responses: { 201: json(anyObject, 'The outcome as recorded.'), ...problems },
});

/** Builds the control API; every route below /api/v1 needs the owner token. */
export function createControlApp(deps: ControlDeps): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const field = issue?.path.join('.') ?? '';
      return problem(context, new Fault('invalid_request', { message: `${field}: ${issue?.message}`, param: field }));
    },
  });
  app.use('/api/v1/*', async (context, next) => {
    const header = context.req.header('authorization') ?? '';
    if (/^bearer /i.test(header) && deps.isOwner(header.slice(7).trim())) return next();
    const message =
      'Send the owner token as "Authorization: Bearer …"; it is in the file owner-token of the data folder.';
    return problem(context, new Fault('key_invalid', { message }));
  });
  app.openapi(getRequest, async (context) => {
    const { requestId: id } = context.req.valid('param');
    const record = toExchangeRecord(id, await deps.journal.find(id));
    if (!record) throw new Fault('not_found', { message: `There is no request ${id}.` });
    // The journal's search ends with the final fact; outcomes come later.
    return context.json(toJson({ ...record, outcomes: deps.outcomes.of(id) }), 200);
  });
  app.openapi(getLive, (context) => context.json(toJson(liveSnapshot(deps)), 200));
  app.openapi(createOutcome, async (context) => {
    const outcome = await postOutcome(context.req.valid('json'), deps);
    if (Fault.is(outcome)) throw outcome;
    return context.json(toJson(outcome), 201);
  });
  app.doc31('/api/v1/openapi.json', { openapi: '3.1.0', info: { title: 'Switchyard control API', version: '1' } });
  app.notFound((context) => problem(context, new Fault('not_found', { message: 'There is no such route.' })));
  app.onError((error, context) => problem(context, Fault.is(error) ? error : new Fault('internal', { cause: error })));
  return app;
}

/** What the value becomes on the wire, for the typed router. */
function toJson(value: object): z.infer<typeof anyObject> {
  return JSON.parse(JSON.stringify(value));
}

function liveSnapshot(deps: ControlDeps): Record<string, unknown> {
  const { board, signals, journal, clock } = deps;
  return {
    atMs: clock.nowMs(),
    startedAtMs: deps.startedAtMs,
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
