import { type JobConfig, jobSchema } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../storage/index.ts';
import { type Catalog, jobVersionId } from './catalog.ts';
import type { StoredJob } from './resolved.ts';

/** Channel on which gateways hear that a job changed. */
export const jobsChannel = 'jobs';

/** A job in one of its versions. */
export interface JobVersion {
  /** Name and digest of the settings. */
  readonly id: string;
  readonly job: string;
  /** 1, 2, 3 … in order of making; null for a job of the configuration file. */
  readonly version: number | null;
  readonly origin: 'file' | 'api';
  readonly settings: JobConfig;
  readonly createdAtMs: number | null;
}

interface JobRow {
  readonly job: string;
  readonly version: number;
  readonly id: string;
  readonly settings: unknown;
  readonly is_archived: boolean;
  readonly created_at_ms: bigint;
}

const mostJobs = 1000;

/** Jobs that the control API made: the last version of each that was not taken away. */
export async function readJobs({ db }: Pick<Database, 'db'>): Promise<readonly JobVersion[]> {
  const rows = await db
    .selectFrom('job_version')
    .selectAll()
    .distinctOn('job')
    .orderBy('job')
    .orderBy('version', 'desc')
    .execute();
  return rows.filter((row) => !row.is_archived).flatMap((row) => toVersion(row) ?? []);
}

/** Makes a job or its next version; the same settings again are the version that is there. Every gateway is told. */
export async function writeJob(
  { database, clock, catalog }: { readonly database: Database; readonly clock: Clock; readonly catalog: Catalog },
  job: string,
  settings: JobConfig,
): Promise<JobVersion> {
  refuseConfigured(catalog, job);
  for (const model of settings.models) {
    const resolved = catalog.resolve(model);
    if (Fault.is(resolved)) throw new Fault('invalid_request', { message: resolved.message, param: 'models' });
  }
  const last = await lastOf(database, job);
  const id = jobVersionId(job, settings);
  if (last && !last.is_archived && last.id === id) return versionOf(last);
  if (!last && (await countJobs(database)) >= mostJobs)
    throw new Fault('conflict', { message: `There are ${mostJobs} jobs; archive one first.` });
  return insert(database, {
    job,
    version: (last?.version ?? 0) + 1,
    id,
    settings: JSON.stringify(settings),
    is_archived: false,
    created_at_ms: BigInt(clock.nowMs()),
  });
}

/** Takes a job away; its versions stay, because decisions name them. */
export async function archiveJob(
  { database, clock, catalog }: { readonly database: Database; readonly clock: Clock; readonly catalog: Catalog },
  job: string,
): Promise<JobVersion> {
  refuseConfigured(catalog, job);
  const last = await lastOf(database, job);
  if (!last || last.is_archived) throw new Fault('not_found', { message: `There is no job "${job}".` });
  return insert(database, {
    job,
    version: last.version + 1,
    id: last.id,
    settings: JSON.stringify(last.settings),
    is_archived: true,
    created_at_ms: BigInt(clock.nowMs()),
  });
}

/** What a catalog takes of them. */
export function asStoredJobs(versions: readonly JobVersion[]): readonly StoredJob[] {
  return versions.map(({ job, settings }) => ({ name: job, settings }));
}

function refuseConfigured(catalog: Catalog, job: string): void {
  if (!catalog.isJobOfFile(job)) return;
  const message = `The job "${job}" is one of the configuration file; change it there, or take another name.`;
  throw new Fault('conflict', { message, param: 'jobName' });
}

async function lastOf({ db }: Database, job: string): Promise<JobRow | undefined> {
  return db
    .selectFrom('job_version')
    .selectAll()
    .where('job', '=', job)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function countJobs({ db }: Database): Promise<number> {
  const row = await db
    .selectFrom('job_version')
    .select(({ fn }) => fn.count<bigint>('job').distinct().as('jobs'))
    .executeTakeFirst();
  return Number(row?.jobs ?? 0);
}

async function insert(
  database: Database,
  row: Omit<JobRow, 'settings'> & { readonly settings: string },
): Promise<JobVersion> {
  const written = await database.db.insertInto('job_version').values(row).returningAll().executeTakeFirstOrThrow();
  await database.notify(jobsChannel, row.job);
  return versionOf(written);
}

function versionOf(row: JobRow): JobVersion {
  const version = toVersion(row);
  if (!version) throw new Fault('internal', { message: `The job "${row.job}" cannot be read.` });
  return version;
}

/** A version that this program cannot read, because a newer one wrote it, is no job of it. */
function toVersion({ job, version, id, settings, created_at_ms: createdAtMs }: JobRow): JobVersion | undefined {
  const read = jobSchema.safeParse(settings);
  if (!read.success) return undefined;
  return { id, job, version, origin: 'api', settings: read.data, createdAtMs: Number(createdAtMs) };
}
