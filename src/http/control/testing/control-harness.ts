import type { Hono } from 'hono';
import { Catalog, StoredPriceBook } from '../../../catalog/index.ts';
import { configSchema, policySchema } from '../../../config/index.ts';
import { verdictOf } from '../../../domain/outcomes/outcome.ts';
import { atCostPlan } from '../../../domain/charges/plan.ts';
import { ExchangeBoard, OutcomeDesk } from '../../../gateway/index.ts';
import type { Journal } from '../../../journal/index.ts';
import { createMemoryJournal } from '../../../journal/testing/memory-journal.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createIdSource } from '../../../platform/ids.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import { createSystemRandom } from '../../../platform/random.ts';
import { RolloutService } from '../../../rollouts/index.ts';
import { LearningService, OutcomeBook } from '../../../routing/index.ts';
import { AppMeter, AppService, type BuildRecord, LogBook, VersionBuilder } from '../../../runtime/index.ts';
import { createSignals } from '../../../signals/index.ts';
import type { Database } from '../../../storage/index.ts';
import type { Sealer } from '../../../tenants/index.ts';
import { createControlApp } from '../control-app.ts';
import { controlRoutes, type ControlViews } from '../control-routes.ts';
import { databaseChangeBook } from '../framework/change-book.ts';
import type { ControlRoute } from '../framework/route.ts';
import { measureReturns } from '../../returns/measure-returns.ts';
import { ReturnsDesk } from '../../returns/returns-desk.ts';
import { quietEvals } from './quiet-evals.ts';
import { quietFixes } from './quiet-fixes.ts';
import { identifyToken } from '../identify.ts';

/** The owner token of tests. */
export const testOwnerToken = 'swo_test';

/** An answer of the control API, read. */
export interface ControlAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  readonly body: { readonly [field: string]: unknown };
}

/** One call as a test writes it. */
export interface ControlCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** The control API without a socket. */
export interface ControlHarness {
  readonly app: Hono;
  readonly routes: readonly ControlRoute[];
  readonly journal: Journal;
  readonly troubles: unknown[];
  /** Builds that ended, by id. */
  readonly builds: Map<string, BuildRecord>;
  /** Calls a route below /api/v1, as the owner unless told otherwise. */
  call(method: string, path: string, call?: ControlCall): Promise<ControlAnswer>;
  /** Makes an access token and gives its secret. */
  tokenOf(role: string, customer?: string): Promise<string>;
}

/** Seals nothing: what is stored shall be seen by tests that look for secrets in answers. */
const openSeal: Sealer = { seal: (plain, purpose) => `${purpose}\n${plain}`, open: (sealed) => sealed };

/** Builds the whole control API on a database (or none), with further routes of a test's own. */
export function createControlHarness(
  database: Database | undefined,
  further: readonly ControlRoute[] = [],
): ControlHarness {
  const troubles: unknown[] = [];
  const journal = createMemoryJournal();
  const current = (): Database | undefined => database;
  const builds: ControlHarness['builds'] = new Map();
  const views = createViews(database, { journal, builds });
  const routes = [...controlRoutes(views), ...further];
  const app = createControlApp(routes, {
    clock: systemClock,
    changes: databaseChangeBook,
    database: current,
    absence: () => (database === undefined ? 'it is starting' : undefined),
    identify: (token) =>
      identifyToken(token, {
        isOwner: (presented) => presented === testOwnerToken,
        database: current,
        clock: systemClock,
      }),
    troubled: (error) => void troubles.push(error),
  });
  const call = async (method: string, path: string, one: ControlCall = {}): Promise<ControlAnswer> => {
    const { token = testOwnerToken, body, idempotencyKey } = one;
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    return { status: response.status, text, contentType, body: /[/+]json/.test(contentType) ? parse(text) : {} };
  };
  return {
    app,
    routes,
    journal,
    troubles,
    builds,
    call,
    async tokenOf(role, customer) {
      const made = await call('POST', '/access-tokens', {
        body: { name: `${role}-${customer ?? 'all'}`, role, customer },
      });
      if (made.status !== 201) throw new Error(made.text);
      return String(made.body['secret']);
    },
  };
}

/** Nothing is built here; what a test put there is found. */
function quietBuilds(builds: ControlHarness['builds']): ControlViews['builds'] {
  return {
    start() {
      throw new Fault('database_unavailable', { message: 'Builds need the database.' });
    },
    find: (buildId) => Promise.resolve(builds.get(buildId)),
  };
}

function createViews(
  database: Database | undefined,
  { journal, builds }: Pick<ControlHarness, 'journal' | 'builds'>,
): ControlViews {
  const book = database && new StoredPriceBook(database);
  const outcomes = new OutcomeBook();
  const newId = createIdSource(systemClock, createSystemRandom());
  const catalog = catalogOf('small', 'large');
  const evals = quietEvals(newId);
  return {
    ...evals,
    returns: new ReturnsDesk({
      clock: systemClock,
      journalDirectory: '',
      currentCatalog: () => catalog,
      ruleOf: (job) => evals.ruleOf(job),
      measure: (question) => measureReturns(journal.read(), question),
      troubled: () => undefined,
    }),
    rollouts: new RolloutService({
      clock: systemClock,
      logger: silentLogger,
      judge: (_, told) => verdictOf(told),
      processId: newId('prc'),
      database: () => undefined,
    }),
    journal,
    outcomes,
    outcomeDesk: new OutcomeDesk({ journal, outcomes, clock: systemClock, newId }),
    board: new ExchangeBoard(createMetrics()),
    signals: createSignals(systemClock),
    learning: new LearningService({ clock: systemClock }),
    previewRoute: () => new Fault('model_unknown', { message: 'There are no jobs.', param: 'model' }),
    currentCatalog: () => catalog,
    clock: systemClock,
    startedAtMs: 0,
    newId,
    sealer: () => openSeal,
    currentDatabase: () => database,
    journalDirectory: 'no-journal',
    priceBook: () => book,
    pollStates: () => [],
    pricedNow: () => undefined,
    planNow: () => atCostPlan,
    projection: () => undefined,
    runtime: noRuntime,
    sandboxes: { summaries: () => Promise.resolve([]), kill: () => Promise.resolve(false) },
    fixes: quietFixes(newId, () => database),
    builds: quietBuilds(builds),
    apps: appsOfTest(newId),
  };
}

function parse(text: string): ControlAnswer['body'] {
  return JSON.parse(text) as ControlAnswer['body'];
}

/** A catalog that knows these models, and the job `reply` that may use them. */
function catalogOf(...names: readonly string[]): Catalog {
  const loaded = {
    config: configSchema.parse({ jobs: { reply: { models: names } } }),
    file: 'switchyard.yaml',
    exists: false,
    isBlank: true,
    warnings: [],
    secrets: { environment: {}, directory: '.' },
  };
  const host = {
    id: 'sim',
    protocol: 'openai-chat' as const,
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' as const },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  };
  const offered = names.map((name) => ({ name, host, upstreamModel: name, description: '', simulated: true }));
  return new Catalog({ loaded, hosts: new Map(), offered, defaultPolicy: policySchema.parse({}) });
}

/** Keeps apps of static files; none of them is ever started. */
function appsOfTest(newId: (prefix: string) => string): ControlViews['apps'] {
  const blobs = { put: () => Promise.resolve(''), get: () => Promise.resolve(undefined) };
  const builder = new VersionBuilder({ blobs, settings: () => Promise.reject(new Fault('isolation_unavailable')) });
  const warm = (): Promise<void> => Promise.resolve();
  return {
    service: new AppService({ clock: systemClock, builder, newId, sealer: () => openSeal, warm }),
    logs: new LogBook({ folder: 'no-logs', clock: systemClock, logger: silentLogger }),
    meter: new AppMeter(createMetrics(), systemClock),
  };
}

/** Runs nothing: the framework is what is tested. */
const noRuntime: ControlViews['runtime'] = {
  runs: {
    run: () => Promise.reject(new Fault('isolation_unavailable')),
    find: () => Promise.resolve(undefined),
  },
  report: () => Promise.reject(new Fault('isolation_unavailable')),
};
