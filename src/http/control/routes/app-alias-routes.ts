import { z } from 'zod';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { alias, aliasName, appName, type AppViews, versionId } from './app-schemas.ts';

const params = z.strictObject({ app: appName, alias: aliasName });
const change = {
  method: 'post',
  tag: 'apps',
  scope: 'organisation',
  roles: ['owner', 'operator'],
  params,
  answer: alias,
} as const;
const expectedRevision = z
  .int()
  .min(0)
  .optional()
  .meta({ description: 'Of what you saw, 0 for an alias that does not exist; with another one nothing is changed.' });

/** Routes that say which version serves. */
export function appAliasRoutes(views: AppViews): ControlRoute[] {
  return [setAlias(views), rollBack(views), getFigures(views)];
}

function setAlias({ apps }: AppViews): ControlRoute {
  return route({
    ...change,
    operationId: 'setAppAlias',
    path: '/apps/{app}/aliases/{alias}',
    summary: 'Points an alias to a version once it has started; requests that run finish where they began.',
    audit: 'app-alias.set',
    body: z.strictObject({
      version: versionId,
      expectedVersion: versionId.nullable().optional().meta({ description: 'null: that there is no such alias yet.' }),
      expectedRevision,
      canary: z
        .strictObject({ version: versionId, share: z.number().positive().max(1) })
        .nullable()
        .default(null)
        .meta({ description: 'Another version for a share of the requests, the same visitors each time.' }),
    }),
    async handle({ params: { app, alias: wanted }, body }, call) {
      const actor = { database: call.database, actor: call.principal };
      const set = await apps.service.setAlias(actor, { app, alias: wanted, ...body });
      call.audited({ id: `${app} ${wanted}`, after: { version: set.version, canary: set.canary } });
      return set;
    },
  });
}

function rollBack({ apps }: AppViews): ControlRoute {
  return route({
    ...change,
    operationId: 'rollBackApp',
    path: '/apps/{app}/aliases/{alias}/rollback',
    summary: 'Points an alias back to the version before, which is still warm.',
    audit: 'app-alias.rollback',
    body: z.strictObject({ expectedRevision }).default({}),
    async handle({ params: { app, alias: wanted }, body }, call) {
      const actor = { database: call.database, actor: call.principal };
      const set = await apps.service.rollBack(actor, { app, alias: wanted, ...body });
      call.audited({ id: `${app} ${wanted}`, after: { version: set.version } });
      return set;
    },
  });
}

const receipt = z.object({
  version: z.string(),
  atMs: z.number(),
  code: z.string(),
  allowed: z.number().optional(),
  observed: z.number().optional(),
  detail: z.string().optional(),
  inFlight: z.number(),
});

function getFigures({ apps }: AppViews): ControlRoute {
  return route({
    operationId: 'getAppMetrics',
    method: 'get',
    path: '/apps/{app}/metrics',
    tag: 'apps',
    summary: 'How an app has been doing since this gateway started, and how its processes ended.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    params: z.strictObject({ app: appName }),
    answer: z.object({
      requests: z.number(),
      failures: z.number(),
      statuses: z.record(z.string(), z.number()),
      p50Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
      receipts: z.array(receipt),
    }),
    handle({ params: { app } }) {
      const figures = apps.meter.figures(app);
      return Promise.resolve({ ...figures, statuses: { ...figures.statuses }, receipts: [...figures.receipts] });
    },
  });
}
