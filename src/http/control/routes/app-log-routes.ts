import { z } from 'zod';
import type { Apps, LogLine, LogQuery } from '../../../runtime/index.ts';
import { id, text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { appParams, type AppViews, versionId } from './app-schemas.ts';

const line = z
  .object({
    sequence: z.number(),
    atMs: z.number(),
    app: z.string(),
    version: z.string(),
    stream: z.enum(['stdout', 'stderr', 'system']),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    requestId: z.string().optional(),
    text: z.string(),
    truncatedBytes: z.number().optional(),
  })
  .meta({ id: 'AppLogLine' });

const heartbeatMs = 15_000;
const longestFollowMs = 3_600_000;

/** Routes about what apps write. */
export function appLogRoutes({ apps }: AppViews): ControlRoute[] {
  return [
    route({
      operationId: 'getAppLogs',
      method: 'get',
      path: '/apps/{app}/logs',
      tag: 'apps',
      summary: 'The last lines of an app, oldest first; with `follow` as lines of JSON that go on.',
      roles: staff,
      scope: 'organisation',
      withoutDatabase: true,
      files: ['application/json', 'application/x-ndjson'],
      params: appParams,
      query: z.strictObject({
        limit: z
          .string()
          .regex(/^([1-9][0-9]{0,2}|1000)$/, 'must be a whole number from 1 to 1000')
          .default('200')
          .transform(Number),
        after: z
          .string()
          .regex(/^[0-9]{1,16}$/, 'must be the sequence of a line')
          .optional()
          .transform((value) => (value === undefined ? undefined : Number(value))),
        search: text(200).optional(),
        version: versionId.optional(),
        requestId: id('req').optional(),
        level: z.enum(['debug', 'info', 'warn', 'error']).optional().meta({ description: 'This and worse.' }),
        follow: z
          .enum(['', 'true', 'false'])
          .default('false')
          .transform((value) => value !== 'false'),
      }),
      answer: z.object({ data: z.array(line) }),
      handle({ params, query: { follow, ...query } }) {
        if (!follow) return Promise.resolve({ data: apps.logs.read(params.app, query) });
        const content = followLines(apps.logs, params.app, query);
        return Promise.resolve({ contentType: 'application/x-ndjson', content, ownerId: undefined });
      },
    }),
  ];
}

/** Lines as they come; an empty one now and then, so that both sides notice when the other is gone. */
async function* followLines(logs: Apps['logs'], app: string, query: LogQuery): AsyncGenerator<string> {
  let { after } = query;
  for (let idleMs = 0; idleMs < longestFollowMs; idleMs += heartbeatMs) {
    const lines: readonly LogLine[] = logs.read(app, { ...query, after });
    for (const one of lines) yield `${JSON.stringify(one)}\n`;
    if (lines.length > 0) idleMs = 0;
    // Before the first line only what comes from now on is new.
    after = lines.at(-1)?.sequence ?? after ?? 0;
    if (lines.length > 0 && lines.length >= query.limit) continue;
    if (!(await logs.changed(app, heartbeatMs))) yield '\n';
    if (logs.isClosed) return;
  }
}
