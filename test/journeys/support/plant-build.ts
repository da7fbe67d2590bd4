import type { ControlHarness } from '../../../src/http/control/testing/control-harness.ts';

/** A build that ended, of a customer it names everywhere. */
export function plantBuild(
  { builds }: Pick<ControlHarness, 'builds'>,
  { customer, mark, runId }: { readonly customer: string; readonly mark: string; readonly runId: string },
): { readonly buildId: string } {
  const buildId = runId.replace('run_', 'bld_');
  const question = { requestId: runId.replace('run_', 'req_'), kind: 'build', model: mark, host: mark } as const;
  builds.set(buildId, {
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
