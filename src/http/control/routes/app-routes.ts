import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  type App,
  type AppVersion,
  isEgressRule,
  PostgresAppStore,
  readArchive,
  type SourceFile,
} from '../../../runtime/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { name, pageFields, pageOf } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { alias, appName, appParams, type AppViews, version, versionId, versionSettings } from './app-schemas.ts';

const app = z
  .object({
    name: z.string(),
    customer: z.string().nullable(),
    key: z.string().nullable().meta({ description: 'The key that it calls models with.' }),
    createdAtMs: z.number(),
    aliases: z.array(alias),
  })
  .meta({ id: 'App' });

const shared = { tag: 'apps', scope: 'organisation' } as const;
const mostUploadBytes = 72 * 1024 * 1024;

/** Routes about apps and their versions. */
export function appRoutes(views: AppViews): ControlRoute[] {
  return [listApps(), getApp(views), removeApp(views), addVersion(views), listVersions(), getVersion()];
}

function listApps(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listApps',
    method: 'get',
    path: '/apps',
    summary: 'Apps with where their aliases point.',
    roles: staff,
    query: z.strictObject(pageFields),
    answer: pageOf(app),
    async handle({ query: { limit, cursor } }, { database }) {
      const place = readCursor(cursor, ['string']);
      const store = new PostgresAppStore(database);
      const after = place === undefined ? undefined : String(place[0]);
      const page = toPage(await store.list({ limit: limit + 1, after }), limit, (one) => [one.name]);
      const aliases = await store.aliases();
      const data = page.data.map((one) => ({ ...one, aliases: aliases.filter((each) => each.app === one.name) }));
      return { ...page, data };
    },
  });
}

function getApp({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'getApp',
    method: 'get',
    path: '/apps/{app}',
    summary: 'One app with where its aliases point.',
    roles: staff,
    params: appParams,
    answer: app,
    async handle({ params }, { database }) {
      const store = new PostgresAppStore(database);
      const found: App = await apps.service.require(store, params.app);
      return { ...found, aliases: await store.aliases(params.app) };
    },
  });
}

function removeApp({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'removeApp',
    method: 'delete',
    path: '/apps/{app}',
    summary: 'Removes an app with its versions, aliases, secrets and schedules.',
    roles: ['owner', 'operator'],
    status: 204,
    audit: 'app.remove',
    params: appParams,
    answer: z.undefined(),
    async handle({ params }, call) {
      await apps.service.remove({ database: call.database, actor: call.principal }, params.app);
      call.audited({ id: params.app });
      return undefined;
    },
  });
}

const upload = z.strictObject({
  customer: name.optional().meta({ description: 'For a new app: whom its use of models belongs to.' }),
  files: z
    .array(
      z.strictObject({
        path: z.string().max(1000),
        content: z.string(),
        encoding: z.enum(['utf8', 'base64']).default('utf8'),
      }),
    )
    .max(10_000)
    .optional(),
  archive: z
    .string()
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64')
    .optional()
    .meta({ description: 'Instead of files: a tar or tar.gz, in base64.' }),
  entry: z.string().max(400).optional().meta({ description: 'Module with the default export; else it is looked for.' }),
  assets: z.string().max(400).optional().meta({ description: 'Folder of static files; `public` when absent.' }),
  ...versionSettings,
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
    .optional()
    .meta({ description: 'What must come out; otherwise nothing is kept.' }),
});

function addVersion({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'addAppVersion',
    method: 'put',
    path: '/apps/{app}/versions',
    summary: 'Builds a version and keeps it. Nothing serves it before an alias points to it.',
    roles: ['owner', 'operator'],
    audit: 'app-version.add',
    maxBodyBytes: mostUploadBytes,
    params: appParams,
    body: upload,
    answer: version.extend({ isNew: z.boolean().meta({ description: 'False: this very version was there.' }) }),
    async handle({ params, body }, call) {
      const { files, archive, entry, assets, digest, customer = null, ...settings } = body;
      checkNetwork(settings.network);
      const sent = { files: await filesOf({ files, archive }), entry, assets, digest };
      const change = { database: call.database, actor: call.principal };
      const wanted = {
        ...sent,
        app: params.app,
        customer,
        settings: { ...settings, secrets: [...settings.secrets].sort() },
      };
      const { version: made, isNew } = await apps.service.addVersion(change, wanted);
      call.audited({ id: `${params.app} ${made.version}` });
      return { ...toAnswer(made), isNew };
    },
  });
}

async function filesOf({ files, archive }: Pick<z.output<typeof upload>, 'files' | 'archive'>): Promise<SourceFile[]> {
  if ((files === undefined) === (archive === undefined)) {
    throw new Fault('invalid_request', { message: 'Send either files or archive.', param: 'files' });
  }
  if (archive !== undefined) return readArchive(Buffer.from(archive, 'base64'));
  return (files ?? []).map(({ path, content, encoding }) => ({ path, bytes: Buffer.from(content, encoding) }));
}

function checkNetwork({ allow, headers }: z.output<typeof upload>['network']): void {
  const wrong = [...allow, ...headers.map(({ host }) => host)].find((rule) => !isEgressRule(rule));
  if (wrong === undefined) return;
  const message = `${JSON.stringify(wrong)} is no host name; addresses cannot be allowed.`;
  throw new Fault('invalid_request', { message, param: 'network' });
}

function listVersions(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listAppVersions',
    method: 'get',
    path: '/apps/{app}/versions',
    summary: 'Versions of an app, newest first.',
    roles: staff,
    params: appParams,
    query: z.strictObject(pageFields),
    answer: pageOf(version),
    async handle({ params, query: { limit, cursor } }, { database }) {
      const place = readCursor(cursor, ['number', 'string']);
      const before = place && { createdAtMs: Number(place[0]), version: String(place[1]) };
      const rows = await new PostgresAppStore(database).listVersions(params.app, { limit: limit + 1, before });
      return toPage(rows.map(toAnswer), limit, (one) => [one.createdAtMs, one.version]);
    },
  });
}

function getVersion(): ControlRoute {
  return route({
    ...shared,
    operationId: 'getAppVersion',
    method: 'get',
    path: '/apps/{app}/versions/{version}',
    summary: 'One version with the log of its build.',
    roles: staff,
    params: z.strictObject({ app: appName, version: versionId }),
    answer: version,
    async handle({ params }, { database }) {
      const found = await new PostgresAppStore(database).findVersion(params.app, params.version);
      if (found !== undefined) return toAnswer(found);
      throw new Fault('not_found', { message: `${params.app} has no version ${params.version}.` });
    },
  });
}

function toAnswer({ manifest, ...one }: AppVersion): z.input<typeof version> {
  const { bundle, assets, settings } = manifest;
  return { ...one, bundleBytes: bundle?.sizeBytes ?? null, assets: assets.length, settings: { ...settings } };
}
