import { z } from 'zod';
import { archiveJob, type Catalog, type JobVersion, readJobs, writeJob } from '../../../catalog/index.ts';
import { jobSchema } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Clock } from '../../../platform/clock.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { pageFields, pageOf } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What jobs are kept with. */
export interface JobViews {
  readonly clock: Clock;
  currentCatalog(): Catalog;
}

const job = z
  .object({
    id: z.string().meta({ description: 'Name and digest of the settings: decisions name it.' }),
    job: z.string(),
    version: z.number().nullable().meta({ description: '1, 2, 3 …; null for a job of the configuration file.' }),
    origin: z.enum(['file', 'api']).meta({ description: '`file`: the configuration file, read-only here.' }),
    settings: z.record(z.string(), z.unknown()).meta({ description: 'As in `jobs` of the configuration file.' }),
    createdAtMs: z.number().nullable(),
  })
  .meta({ id: 'Job' });

const params = z.strictObject({
  jobName: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits or dashes'),
});
const editors = ['owner', 'operator'] as const;

/** Routes about jobs: those of the configuration file to read, those of the control API to make and change. */
export function jobRoutes(views: JobViews): ControlRoute[] {
  return [list(views), get(views), set(views), archive(views)];
}

function list(views: JobViews): ControlRoute {
  return route({
    operationId: 'listJobs',
    method: 'get',
    path: '/jobs',
    tag: 'routing',
    summary: 'Jobs by name, each in its last version.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject(pageFields),
    answer: pageOf(job),
    async handle({ query: { limit, cursor } }, { database }) {
      const after = readCursor(cursor, ['string'])?.[0];
      const all = [...ofFile(views), ...(await readJobs(database))].sort((left, right) =>
        left.job < right.job ? -1 : 1,
      );
      const wanted = after === undefined ? all : all.filter((one) => one.job > String(after));
      return toPage(wanted, limit, (one) => [one.job]);
    },
  });
}

function get(views: JobViews): ControlRoute {
  return route({
    operationId: 'getJob',
    method: 'get',
    path: '/jobs/{jobName}',
    tag: 'routing',
    summary: 'One job in its last version.',
    roles: staff,
    scope: 'organisation',
    params,
    answer: job,
    async handle({ params: { jobName } }, { database }) {
      const found =
        ofFile(views).find((one) => one.job === jobName) ??
        (await readJobs(database)).find((one) => one.job === jobName);
      if (found) return found;
      throw new Fault('not_found', { message: `There is no job "${jobName}".` });
    },
  });
}

function set(views: JobViews): ControlRoute {
  return route({
    operationId: 'setJob',
    method: 'put',
    path: '/jobs/{jobName}',
    tag: 'routing',
    summary: 'Makes a job, or its next version; every gateway decides by it within seconds.',
    roles: editors,
    scope: 'organisation',
    audit: 'job.set',
    params,
    body: jobSchema,
    answer: job,
    async handle({ params: { jobName }, body }, call) {
      const { database } = call;
      const written = await writeJob({ database, clock: views.clock, catalog: views.currentCatalog() }, jobName, body);
      call.audited({ id: jobName, after: { version: written.version, id: written.id } });
      return written;
    },
  });
}

function archive(views: JobViews): ControlRoute {
  return route({
    operationId: 'archiveJob',
    method: 'post',
    path: '/jobs/{jobName}/archive',
    tag: 'routing',
    summary: 'Takes a job away; its versions stay, because decisions name them.',
    roles: editors,
    scope: 'organisation',
    audit: 'job.archive',
    params,
    answer: job,
    async handle({ params: { jobName } }, call) {
      const { database } = call;
      const gone = await archiveJob({ database, clock: views.clock, catalog: views.currentCatalog() }, jobName);
      call.audited({ id: jobName, before: { id: gone.id } });
      return gone;
    },
  });
}

function ofFile({ currentCatalog }: JobViews): JobVersion[] {
  const catalog = currentCatalog();
  return catalog
    .jobs()
    .filter(({ job: name }) => catalog.isJobOfFile(name))
    .map(({ job: name, versionId, settings }) => ({
      id: versionId,
      job: name,
      version: null,
      origin: 'file',
      settings,
      createdAtMs: null,
    }));
}
