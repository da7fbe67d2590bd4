import { z } from 'zod';
import { PostgresAppStore, ScheduleStore } from '../../../runtime/index.ts';
import { text, timeZone } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { appName, appParams, type AppViews, variableName } from './app-schemas.ts';

const shared = { tag: 'apps', scope: 'organisation' } as const;
const changers = ['owner', 'operator'] as const;
const secret = z.object({ name: z.string(), hint: z.string(), updatedAtMs: z.number() }).meta({ id: 'AppSecret' });

/** Routes about secrets and schedules of apps. */
export function appSettingRoutes(views: AppViews): ControlRoute[] {
  return [listSecrets(), setSecret(views), removeSecret(views), listSchedules(), setSchedules(views)];
}

function listSecrets(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listAppSecrets',
    method: 'get',
    path: '/apps/{app}/secrets',
    summary: 'Names of the secrets of an app, never their values.',
    roles: staff,
    params: appParams,
    answer: z.object({ data: z.array(secret) }),
    async handle({ params }, { database }) {
      const rows = await new PostgresAppStore(database).secrets(params.app);
      return { data: rows.map(({ name, hint, updatedAtMs }) => ({ name, hint, updatedAtMs })) };
    },
  });
}

function setSecret({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'setAppSecret',
    method: 'put',
    path: '/apps/{app}/secrets',
    summary: 'Keeps a secret of an app, sealed. Versions name it; running ones that do are replaced.',
    roles: changers,
    status: 204,
    audit: 'app-secret.set',
    params: appParams,
    body: z.strictObject({
      name: variableName,
      value: z
        .string()
        .min(1)
        .max(16_384)
        .regex(/^[^\0\r\n]*$/, 'must not hold line breaks')
        .meta({ writeOnly: true }),
    }),
    answer: z.undefined(),
    async handle({ params: { app }, body }, call) {
      await apps.service.setSecret({ database: call.database, actor: call.principal }, { app, ...body });
      call.audited({ id: `${app} ${body.name}` });
      return undefined;
    },
  });
}

function removeSecret({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'removeAppSecret',
    method: 'delete',
    path: '/apps/{app}/secrets/{secret}',
    summary: 'Forgets a secret of an app.',
    roles: changers,
    status: 204,
    audit: 'app-secret.remove',
    params: z.strictObject({ app: appName, secret: variableName }),
    answer: z.undefined(),
    async handle({ params }, call) {
      await apps.service.removeSecret({ database: call.database, actor: call.principal }, params.app, params.secret);
      call.audited({ id: `${params.app} ${params.secret}` });
      return undefined;
    },
  });
}

const settings = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes'),
  cron: text(100).meta({ examples: ['*/5 * * * *'] }),
  timeZone: timeZone.default('UTC'),
  overlap: z.enum(['skip', 'queue']).default('skip').meta({
    description: 'While the one before is at work: leave it out, or let one wait.',
  }),
};
const run = z.object({
  dueAtMs: z.number(),
  status: z.enum(['running', 'succeeded', 'failed', 'skipped']),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  detail: z.string().nullable(),
});
const schedules = z.object({
  data: z.array(
    z
      .object({ ...settings, app: z.string(), nextDueAtMs: z.number().nullable(), lastRun: run.nullable() })
      .meta({ id: 'AppSchedule' }),
  ),
});

function listSchedules(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listAppSchedules',
    method: 'get',
    path: '/apps/{app}/schedules',
    summary: 'Schedules of an app, when they are due next and how they went last.',
    roles: staff,
    params: appParams,
    answer: schedules,
    handle: async ({ params }, { database }) => ({ data: await new ScheduleStore(database).list(params.app) }),
  });
}

function setSchedules({ apps }: AppViews): ControlRoute {
  return route({
    ...shared,
    operationId: 'setAppSchedules',
    method: 'put',
    path: '/apps/{app}/schedules',
    summary: 'Makes these the schedules of an app. Its prod version is told of each due time once.',
    roles: changers,
    audit: 'app-schedules.set',
    params: appParams,
    body: z.strictObject({
      schedules: z
        .array(z.strictObject(settings))
        .max(32)
        .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'must have different names'),
    }),
    answer: schedules,
    async handle({ params: { app }, body }, call) {
      await apps.service.setSchedules({ database: call.database, actor: call.principal }, app, body.schedules);
      call.audited({ id: app, after: body.schedules });
      return { data: await new ScheduleStore(call.database).list(app) };
    },
  });
}
