import { Fault } from '../../domain/faults/fault.ts';
import type { Database } from '../../storage/index.ts';
import type { Apps } from '../apps/index.ts';
import { PostgresAppStore } from '../apps/app-store.ts';
import type { VersionSettings } from '../apps/app-types.ts';
import { unpackSource } from '../apps/version-source.ts';
import type { Runner } from '../contract.ts';
import { appSubject } from './app-subject.ts';
import type { FixServiceDeps } from './fix-service.ts';
import type { KeptFailure } from './failure-record.ts';
import type { FixSpec } from './fix-record.ts';
import type { FixSubject } from './fix-subject.ts';
import { runSubject } from './run-subject.ts';

/** What subjects are tried with. */
export interface SubjectMakerDeps {
  readonly runner: Runner;
  readonly apps: Pick<Apps, 'service' | 'builder' | 'host' | 'logs' | 'blobs'>;
}

/** Makes what turns failures into subjects of fixes. */
export function subjectMaker(deps: SubjectMakerDeps): FixServiceDeps['subjectOf'] {
  return async (kept, spec, database) => {
    const { failure, program, environment } = kept;
    if (failure.kind !== 'run') return ofApp(deps, { kept, spec, database });
    const run = program?.run;
    if (run === undefined)
      return new Fault('not_found', { message: `The program of ${failure.subject} was not kept.` });
    return runSubject({ runner: deps.runner, program: { ...program, run }, environment, checks: spec.checks });
  };
}

async function ofApp(
  { apps }: SubjectMakerDeps,
  of: { readonly kept: KeptFailure; readonly spec: FixSpec; readonly database: Database },
): Promise<FixSubject | Fault> {
  const { failure, program } = of.kept;
  const app = failure.app ?? failure.subject;
  const store = new PostgresAppStore(of.database);
  if ((await store.find(app)) === undefined) return new Fault('not_found', { message: `There is no app "${app}".` });
  const shared = {
    ...apps,
    database: of.database,
    failure: { ...failure, app },
    failing: program?.failing ?? [],
    passing: program?.passing ?? [],
    checks: of.spec.appChecks,
    promote: of.spec.promote,
  };
  if (program?.upload) {
    const { files, settings, ...named } = program.upload;
    const source = { ...named, files: files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) })) };
    return appSubject({ ...shared, source, settings: settings as VersionSettings });
  }
  const version = failure.version ?? '';
  const [found, sha256] = [await store.findVersion(app, version), await store.sourceOf(app, version)];
  const packed = sha256 === undefined ? undefined : await apps.blobs.get(sha256);
  if (found === undefined || packed === undefined) {
    return new Fault('not_found', {
      message: `The files that ${app} ${version} was built from are not on this gateway.`,
    });
  }
  return appSubject({ ...shared, source: unpackSource(packed), settings: found.manifest.settings });
}
