import { saveBuild } from '../../../src/runtime/builds/build-store.ts';
import type { Database } from '../../../src/storage/index.ts';

/** A build that ended, of a customer it names everywhere. */
export async function plantBuild(
  database: Database,
  { customer, mark, runId }: { readonly customer: string; readonly mark: string; readonly runId: string },
): Promise<{ readonly buildId: string }> {
  const buildId = runId.replace('run_', 'bld_');
  const question = { requestId: runId.replace('run_', 'req_'), kind: 'build', model: mark, host: mark } as const;
  await saveBuild(database, {
    buildId,
    status: 'built',
    reason: mark,
    wish: mark,
    app: mark,
    customer,
    questions: [{ ...question, costNanos: '1' }],
    isSimulated: false,
    files: [{ path: `${mark}.ts`, sizeBytes: 1 }],
    checks: [{ name: mark, hasPassed: true }],
    spentNanos: '1',
    capNanos: '1',
    version: null,
    path: null,
    url: null,
    startedAtMs: 1,
    totalMs: 1,
  });
  return { buildId };
}
