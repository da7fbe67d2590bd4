import { hash } from 'node:crypto';
import { bigintAsText } from '../../../domain/json/bigint-as-text.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../storage/index.ts';
import { checkOwner, checkRole, scopeInput, withoutCosts } from './access.ts';
import type { ChangeClaim, KeptAnswer } from '../../../tenants/index.ts';
import type { AuditSubject, ChangeBook } from './change-book.ts';
import { inOneTransaction } from './joined-database.ts';
import type { Principal } from './principal.ts';
import type { RawInput } from './read-input.ts';
import { type Call, type ControlRoute, type FileAnswer, isFile } from './route.ts';

/** What running a route needs. */
export interface RouteDeps {
  readonly clock: Clock;
  readonly changes: ChangeBook;
  /** Undefined while it is starting, and where there is none. */
  database(): Database | undefined;
  /** Why there is no database, for people. */
  absence(): string | undefined;
}

/** A call as it came in. */
export interface IncomingCall {
  readonly principal: Principal;
  readonly raw: RawInput;
  readonly idempotencyKey: string | undefined;
  readonly signal: AbortSignal;
}

/** What goes back: JSON text, or a document. */
export type RouteReply = KeptAnswer | FileAnswer;

/** Runs a route for a principal: role, scope, input, then the handler; changes once, audited, in one transaction. */
export async function runRoute(route: ControlRoute, incoming: IncomingCall, deps: RouteDeps): Promise<RouteReply> {
  checkRole(route, incoming.principal);
  const scoped = { ...incoming, raw: scopeInput(route, incoming.principal, incoming.raw) };
  const run = route.prepare(scoped.raw);
  const atMs = deps.clock.nowMs();
  if (route.audit === undefined) {
    return answer(route, scoped, run, { atMs, database: databaseOf(route, deps), audited: () => undefined });
  }
  if (route.withoutDatabase === true) {
    return answer(route, scoped, run, { atMs, database: noDatabase(), audited: () => undefined });
  }
  return inOneTransaction(databaseOf(route, deps), (database) => change(route, scoped, run, { atMs, database, deps }));
}

type Run = ReturnType<ControlRoute['prepare']>;

interface ChangeContext {
  readonly atMs: number;
  readonly database: Database;
  readonly deps: RouteDeps;
}

// oxlint-disable-next-line max-params -- the stages of one call, always handed on together
async function change(
  route: ControlRoute,
  incoming: IncomingCall,
  run: Run,
  { atMs, database, deps }: ChangeContext,
): Promise<RouteReply> {
  const claim = claimOf(route, incoming, atMs);
  const first = claim && (await deps.changes.claim(database, claim));
  if (first) return first;
  const subjects: AuditSubject[] = [];
  const reply = await answer(route, incoming, run, {
    atMs,
    database,
    audited: (subject) => void subjects.push(subject),
  });
  if (subjects.length === 0 && route.auditedBelow !== true) {
    throw new Error(`${route.operationId} changed something and did not say what.`);
  }
  for (const subject of subjects) {
    await deps.changes.audit(database, { subject, principal: incoming.principal, action: route.audit ?? '', atMs });
  }
  if (claim && 'status' in reply) await deps.changes.keep(database, claim, withoutSecrets(route, reply));
  return reply;
}

// oxlint-disable-next-line max-params -- see change
async function answer(
  route: ControlRoute,
  { principal, idempotencyKey, signal }: IncomingCall,
  run: Run,
  call: Pick<Call, 'atMs' | 'database' | 'audited'>,
): Promise<RouteReply> {
  const { value, ownerId } = await run({
    ...call,
    principal,
    idempotencyKey,
    signal,
    customerId: principal.customerId,
  });
  checkOwner(route, principal, ownerId);
  if (isFile(value)) return value;
  if (route.status === 204) return { status: 204, body: '' };
  const shown = JSON.stringify(value, bigintAsText);
  const body = principal.customerId === undefined ? shown : JSON.stringify(withoutCosts(JSON.parse(shown)));
  return { status: route.status ?? 200, body };
}

/** A secret is shown once: an answer given again says that there was one, and not which. */
function withoutSecrets({ secretField }: ControlRoute, reply: KeptAnswer): KeptAnswer {
  if (secretField === undefined) return reply;
  const body = JSON.parse(reply.body) as { [field: string]: unknown };
  return { ...reply, body: JSON.stringify({ ...body, [secretField]: null }) };
}

function claimOf(route: ControlRoute, incoming: IncomingCall, atMs: number): ChangeClaim | undefined {
  const { principal, raw, idempotencyKey } = incoming;
  if (idempotencyKey === undefined) return undefined;
  const payload = JSON.stringify([route.operationId, raw.params, raw.query, raw.body]);
  return { actor: principal.name, idempotencyKey, payloadHash: hash('sha256', payload, 'hex'), atMs };
}

function databaseOf(route: ControlRoute, deps: RouteDeps): Database {
  if (route.withoutDatabase === true) return noDatabase();
  const database = deps.database();
  if (database?.isAvailable() === true) return database;
  const reason = database === undefined ? (deps.absence() ?? 'it is starting') : 'it does not answer';
  const message = `There is no database right now: ${reason}. Requests go on without it; try again, and see the log if it lasts.`;
  throw new Fault('database_unavailable', { message, retryAfterMs: 2000 });
}

/** Handed to routes that say they need none: touching it is a defect of theirs. */
function noDatabase(): Database {
  return new Proxy({} as Database, {
    get() {
      throw new Error('A route that declared to work without the database used it.');
    },
  });
}
