import { insertFailure } from '../../../src/runtime/fixes/failure-store.ts';
import { packProgram } from '../../../src/runtime/fixes/failure-record.ts';
import { insertAttempt, insertFix } from '../../../src/runtime/fixes/fix-store.ts';
import type { Database } from '../../../src/storage/index.ts';

/** A failed run that names a customer, and the fix that is at work on it. */
export async function plantFix(
  database: Database,
  { customer, mark, runId }: { readonly customer: string; readonly mark: string; readonly runId: string },
): Promise<{ readonly failureId: string; readonly fixId: string }> {
  const [failureId, fixId] = [runId.replace('run_', 'fal_'), runId.replace('run_', 'fix_')];
  const report = {
    status: 'failed',
    exit: { code: 1, signal: null },
    limitsHit: [],
    stdoutTail: mark,
    stderrTail: mark,
    frames: [],
  } as const;
  const shared = { kind: 'run', subject: runId, customer, createdAtMs: 1 } as const;
  const nothing = { app: null, version: null, requestId: null, signature: mark, canRunAgain: true };
  const failure = { ...shared, ...nothing, id: failureId, report };
  const run = { language: 'python', files: [{ path: `${mark}.py`, bytes: Buffer.from(mark) }] } as const;
  await insertFailure(database, { failure, packed: packProgram({ run }), sealed: undefined });
  const bounds = { maxNanos: 1n, maxAttempts: 1, protect: [mark], checks: [], appChecks: [] };
  const spec = { ...bounds, payer: {}, promote: { to: 'preview' } } as const;
  await insertFix(database, { ...shared, id: fixId, failureId, spec, requestedBy: mark });
  // As if somebody worked on it: nobody else takes it up.
  const claim = { state: 'running', claimed_by: mark, claimed_until_ms: BigInt(Number.MAX_SAFE_INTEGER) } as const;
  await database.db.updateTable('fix').set(claim).where('id', '=', fixId).execute();
  const held = { id: fixId, by: mark };
  await insertAttempt(database, held, {
    number: 1,
    requestId: runId.replace('run_', 'req_'),
    decisionId: null,
    model: mark,
    host: mark,
    promptDigest: mark,
    costNanos: 1n,
    reservedNanos: 1n,
    patch: mark,
    refusals: [],
    verdict: 'failed',
    checks: [],
    isHidden: false,
    failure: report,
    detail: mark,
    startedAtMs: 1,
    totalMs: 1,
  });
  return { failureId, fixId };
}
