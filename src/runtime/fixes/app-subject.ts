import { Fault } from '../../domain/faults/fault.ts';
import type { Database } from '../../storage/index.ts';
import type { AppService } from '../apps/app-service.ts';
import { PostgresAppStore } from '../apps/app-store.ts';
import type { VersionSettings } from '../apps/app-types.ts';
import type { SampledRequest } from '../apps/request-samples.ts';
import type { VersionSource } from '../apps/version-source.ts';
import type { GuestFile } from '../contract.ts';
import type { AppCheck } from './app-check.ts';
import type { Failure } from './failure-record.ts';
import type { FixPromotion } from './fix-record.ts';
import type { Adopted, FixSubject } from './fix-subject.ts';
import { secretHider, secretValues } from './hide-secrets.ts';
import { type TrialParts, tryVersion } from './try-version.ts';

/** What a failing app, or one that cannot be built, is made ready with. */
export interface AppSubjectParts extends Pick<TrialParts, 'builder' | 'host' | 'logs'> {
  readonly service: Pick<AppService, 'addVersion' | 'setAlias'>;
  readonly database: Database;
  readonly failure: Failure & { readonly app: string };
  readonly source: VersionSource;
  readonly settings: VersionSettings;
  readonly failing: readonly SampledRequest[];
  readonly passing: readonly SampledRequest[];
  readonly checks: readonly AppCheck[];
  readonly promote: FixPromotion;
}

const actor = { name: 'switchyard', role: 'owner' } as const;

/** Makes an app ready to be fixed. */
export function appSubject(parts: AppSubjectParts): FixSubject {
  const { failure, source, settings } = parts;
  const secrets = secretValues(settings.environment);
  const hide = secretHider(secrets);
  const checks = checksOf(parts);
  const trial = (files: readonly GuestFile[]): TrialParts => ({
    ...parts,
    app: failure.app,
    source: { ...source, files: files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) })) },
    checks,
    hide,
  });
  return {
    files: source.files,
    purpose: `the app ${failure.app}: a module with \`export default { fetch(request, env, context) }\`, bundled by esbuild`,
    secrets,
    async reproduce() {
      const tried = await tryVersion(trial(source.files));
      if (tried.kind !== 'failed') return tried.kind === 'passed' ? { kind: 'passed' } : tried;
      return { kind: 'failed', failure: tried.failure };
    },
    verify: (files) => tryVersion(trial(files)),
    adopt: ({ files }) => adopt(parts, files),
  };
}

/** Requests that failed are shown by what went wrong; those that were answered well, and the owner's checks, are not. */
function checksOf({ failing, passing, checks }: AppSubjectParts): TrialParts['checks'] {
  const again = failing.map(({ method, path }, index) => ({
    name: `a request that failed (${index + 1})`,
    isHidden: false,
    method,
    path,
    expect: {},
  }));
  const before = passing.map(({ method, path, status }, index) => ({
    name: `a request that was answered (${index + 1})`,
    isHidden: true,
    method,
    path,
    expect: { status },
  }));
  return [...again, ...before, ...checks.map((check) => ({ ...check, isHidden: true }))];
}

/** The fixed copy is a version like any other: `preview` points to it, `prod` only by the rule of canaries. */
async function adopt(parts: AppSubjectParts, files: readonly GuestFile[]): Promise<Adopted> {
  const { service, database, failure, source, settings, promote } = parts;
  const { app } = failure;
  const change = { database, actor };
  const sources = files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) }));
  const upload = { app, customer: failure.customer, files: sources, settings };
  const { version: made } = await service.addVersion(change, {
    ...upload,
    ...(source.entry !== undefined && { entry: source.entry }),
    ...(source.assets !== undefined && { assets: source.assets }),
  });
  const aliases = await new PostgresAppStore(database).aliases(app);
  const preview = aliases.find(({ alias }) => alias === 'preview');
  const { version } = made;
  await service.setAlias(change, {
    app,
    alias: 'preview',
    version,
    canary: null,
    expectedRevision: preview?.revision ?? 0,
  });
  const prod = aliases.find(({ alias }) => alias === 'prod');
  if (promote.to !== 'canary' || prod === undefined) return { runId: null, version, detail: 'preview points to it' };
  if (prod.version !== failure.version || prod.canary !== null) {
    return { runId: null, version, detail: 'preview points to it; prod was changed meanwhile and stays' };
  }
  const canary = { version, share: promote.share };
  try {
    const { revision: expectedRevision } = prod;
    await service.setAlias(change, { app, alias: 'prod', version: prod.version, canary, expectedRevision });
  } catch (error) {
    if (!Fault.is(error) || error.code !== 'conflict') throw error;
    return { runId: null, version, detail: 'preview points to it; prod was changed at the same time and stays' };
  }
  return {
    runId: null,
    version,
    detail: `preview points to it, and prod with ${promote.share * 100} % of its requests`,
  };
}
