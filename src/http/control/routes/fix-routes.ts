import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  type AppFixSettings,
  type Fix,
  findFailure,
  findFix,
  type FixTrail,
  listFailures,
  listFixes,
  mostAttempts,
  type OutputLicence,
  PostgresAppStore,
  readFixedFiles,
  readPairs,
  writeAppFixSettings,
} from '../../../runtime/index.ts';
import type { Database } from '../../../storage/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, name, pageFields, pageOf, text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { appParams } from './app-schemas.ts';
import {
  appFixSettingsSchema,
  capOf,
  fixAppSchema,
  fixRunSchema,
  type FixViews,
  toAppFixSettings,
  toRunChecks,
} from './fix-schemas.ts';

const shared = { tag: 'fixes', scope: 'organisation' } as const;
const changers = ['owner', 'operator'] as const;
const anyAnswer = z.record(z.string(), z.unknown());
const mostBodyBytes = 8 * 1024 * 1024;

/** Routes of failures, of their fixes, and of what may be learned from both. */
export function fixRoutes(views: FixViews): ControlRoute[] {
  return [
    fixRun(views),
    fixApp(views),
    getAppFixSettings(views),
    setAppFixSettings(views),
    listAllFixes(),
    exportPairs(),
    getFix(),
    acceptFix(views),
    listAllFailures(),
    getFailure(),
  ];
}

function fixRun({ fixes }: FixViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'fixRun',
    method: 'post',
    path: '/runs/{runId}/fix',
    summary: 'Have a failed run fixed: a model patches a copy, which is tried with the same and earlier inputs.',
    roles: changers,
    status: 201,
    audit: 'run.fix',
    maxBodyBytes: mostBodyBytes,
    params: z.strictObject({ runId: id('run') }),
    body: fixRunSchema,
    answer: anyAnswer.meta({ description: 'The fix, waiting to be worked on; or the one that is at work.' }),
    async handle({ params, body }, { database, principal, audited }) {
      const { maxAttempts = mostAttempts, protect } = body;
      const maxNanos = capOf(body) ?? fixes.usualCapNanos();
      const checks = toRunChecks(body.checks);
      const spec = {
        maxNanos,
        maxAttempts,
        protect,
        checks,
        appChecks: [],
        payer: {},
        promote: { to: 'preview' },
      } as const;
      const wanted = { of: { subject: params.runId }, spec, requestedBy: principal.name };
      const fix = await fixes.service.request(database, wanted);
      audited({ id: fix.id, after: { subject: fix.subject, maxNanos: maxNanos.toString() } });
      return toAnswer(fix);
    },
  });
}

function fixApp({ fixes }: FixViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'fixApp',
    method: 'post',
    path: '/apps/{app}/fix',
    summary: 'Have an app fixed that fails requests, or whose last build failed; a fixed version becomes its preview.',
    roles: changers,
    status: 201,
    audit: 'app.fix',
    params: appParams,
    body: fixAppSchema,
    answer: anyAnswer.meta({ description: 'The fix, waiting to be worked on.' }),
    async handle({ params, body }, { database, principal, audited }) {
      const cap = capOf(body);
      const fix = await fixes.apps.request(database, {
        app: params.app,
        requestedBy: principal.name,
        ...(cap !== undefined && { maxNanos: cap }),
        ...(body.maxAttempts !== undefined && { maxAttempts: body.maxAttempts }),
      });
      audited({ id: fix.id, after: { subject: fix.subject, maxNanos: fix.maxNanos.toString() } });
      return toAnswer(fix);
    },
  });
}

function getAppFixSettings({ fixes }: FixViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'getAppFixSettings',
    method: 'get',
    path: '/apps/{app}/fix-settings',
    summary: 'When and how the failures of an app are fixed.',
    roles: staff,
    params: appParams,
    answer: anyAnswer,
    async handle({ params }, { database }) {
      await requireApp(database, params.app);
      return toSettings(await fixes.apps.settings(database, params.app));
    },
  });
}

function setAppFixSettings({ fixes }: FixViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'setAppFixSettings',
    method: 'put',
    path: '/apps/{app}/fix-settings',
    summary: 'Say when and how the failures of an app are fixed; what is left out is as usual.',
    roles: changers,
    audit: 'app.set-fix-settings',
    params: appParams,
    body: appFixSettingsSchema,
    answer: anyAnswer,
    async handle({ params, body }, { database, atMs, audited }) {
      await requireApp(database, params.app);
      const settings = toAppFixSettings(body, fixes.usualCapNanos());
      await writeAppFixSettings(database, { app: params.app, settings, atMs });
      const { automatic, maxNanos, promote } = settings;
      audited({ id: params.app, after: { automatic, maxNanos: maxNanos.toString(), promote: promote.to } });
      return toSettings(settings);
    },
  });
}

function listAllFixes(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listFixes',
    method: 'get',
    path: '/fixes',
    summary: 'Fixes, the latest first.',
    roles: staff,
    query: z.strictObject({
      subject: text(64).optional().meta({ description: 'Of one run or app.' }),
      state: z.enum(['queued', 'running', 'fixed', 'unfixed', 'failed']).optional(),
      ...pageFields,
    }),
    answer: pageOf(anyAnswer),
    async handle({ query: { limit, cursor, subject, state } }, { database }) {
      const rows = await listFixes(database, { subject, state, limit: limit + 1, before: placeOf(cursor) });
      const page = toPage(rows, limit, ({ createdAtMs, id: fixId }) => [createdAtMs, fixId]);
      return { ...page, data: page.data.map(toAnswer) };
    },
  });
}

function getFix(): ControlRoute {
  return route({
    ...shared,
    operationId: 'getFix',
    method: 'get',
    path: '/fixes/{fixId}',
    summary:
      'One fix with its whole trail: each question by digest, model, decision, patch, runs and cost; the fixed files.',
    roles: staff,
    params: z.strictObject({ fixId: id('fix') }),
    answer: anyAnswer,
    async handle({ params: { fixId } }, { database }) {
      const trail = await findFix(database, fixId);
      if (trail === undefined) throw new Fault('not_found', { message: `There is no fix ${fixId}.` });
      const files = await readFixedFiles(database, fixId);
      const attempts = trail.attempts.map((attempt) => ({ ...attempt }));
      return { ...toAnswer(trail), attempts, files: files?.map(toFile) ?? null };
    },
  });
}

function acceptFix({ fixes }: FixViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'acceptFix',
    method: 'post',
    path: '/fixes/{fixId}/accept',
    summary: 'Say what you think of a fix: an outcome of the request that wrote it.',
    roles: changers,
    audit: 'fix.accept',
    params: z.strictObject({ fixId: id('fix') }),
    body: z.strictObject({ accepted: z.boolean().default(true) }).prefault({}),
    answer: anyAnswer,
    async handle({ params: { fixId }, body }, { database, audited }) {
      await fixes.service.accept(database, fixId, body.accepted);
      audited({ id: fixId, after: { accepted: body.accepted } });
      return { id: fixId, accepted: body.accepted };
    },
  });
}

function exportPairs(): ControlRoute {
  return route({
    ...shared,
    operationId: 'exportFixPairs',
    method: 'get',
    path: '/fixes/pairs',
    summary:
      'Failed programs beside their fixes as lines of JSON, to train models with; kept only where that was consented to.',
    roles: staff,
    files: ['application/x-ndjson'],
    query: z.strictObject({
      licence: z.enum(['allowed', 'unknown', 'all']).default('allowed').meta({
        description: 'Of models whose outputs may train others; also of those nobody said anything of; or all.',
      }),
      customer: name.optional(),
    }),
    answer: anyAnswer.meta({ description: 'Pairs, one object per line.' }),
    handle({ query: { licence, customer } }, { database }) {
      const content = linesOf(database, { licences: licencesOf[licence], customer });
      return Promise.resolve({ contentType: 'application/x-ndjson', content, ownerId: undefined });
    },
  });
}

const licencesOf: Readonly<Record<'allowed' | 'unknown' | 'all', readonly OutputLicence[]>> = {
  allowed: ['allowed'],
  unknown: ['allowed', 'unknown'],
  all: ['allowed', 'unknown', 'forbidden'],
};

async function* linesOf(
  database: Pick<Database, 'db'>,
  query: { readonly licences: readonly OutputLicence[]; readonly customer: string | undefined },
): AsyncGenerator<string> {
  for await (const pair of readPairs(database, query)) yield `${JSON.stringify(pair)}\n`;
}

function listAllFailures(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listFailures',
    method: 'get',
    path: '/failures',
    summary: 'What failed lately: runs, builds and apps, the latest first.',
    roles: staff,
    query: z.strictObject({ kind: z.enum(['run', 'build', 'app']).optional(), ...pageFields }),
    answer: pageOf(anyAnswer),
    async handle({ query: { limit, cursor, kind } }, { database }) {
      const rows = await listFailures(database, { kind, limit: limit + 1, before: placeOf(cursor) });
      const page = toPage(rows, limit, ({ createdAtMs, id: failureId }) => [createdAtMs, failureId]);
      return { ...page, data: page.data.map((one) => ({ ...one })) };
    },
  });
}

function getFailure(): ControlRoute {
  return route({
    ...shared,
    operationId: 'getFailure',
    method: 'get',
    path: '/failures/{failureId}',
    summary: 'One failure: how it ended, the end of what it wrote, where.',
    roles: staff,
    params: z.strictObject({ failureId: id('fal') }),
    answer: anyAnswer,
    async handle({ params: { failureId } }, { database }) {
      const found = await findFailure(database, { id: failureId });
      if (found) return { ...found.failure };
      throw new Fault('not_found', { message: `There is no failure ${failureId}.` });
    },
  });
}

async function requireApp(database: Database, app: string): Promise<void> {
  if ((await new PostgresAppStore(database).find(app)) !== undefined) return;
  throw new Fault('not_found', { message: `There is no app "${app}".` });
}

function placeOf(cursor: string | undefined): { readonly atMs: number; readonly id: string } | undefined {
  const place = readCursor(cursor, ['number', 'string']);
  return place && { atMs: Number(place[0]), id: String(place[1]) };
}

/** Hidden checks stay hidden, also from whoever reads the trail with fewer rights than the one who wrote them. */
function toAnswer({ spec, ...fix }: Fix | FixTrail): z.output<typeof anyAnswer> {
  const { maxAttempts, protect, checks, appChecks, promote } = spec;
  return { ...fix, maxAttempts, protect, checks: checks.length + appChecks.length, promote };
}

function toSettings({ checks, ...settings }: AppFixSettings): z.output<typeof anyAnswer> {
  return { ...settings, checks: checks.map((check) => ({ ...check })) };
}

function toFile({ path, bytes }: { readonly path: string; readonly bytes: Uint8Array }): z.output<typeof anyAnswer> {
  const content = Buffer.from(bytes).toString('utf8');
  if (!content.includes('\uFFFD')) return { path, content, encoding: 'utf8' };
  return { path, content: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
}
