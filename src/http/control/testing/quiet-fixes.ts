import { Fault } from '../../../domain/faults/fault.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { FailureBook, FixService } from '../../../runtime/index.ts';
import type { Database } from '../../../storage/index.ts';
import type { FixViews } from '../routes/fix-schemas.ts';

/** Fixes that nobody works on: wishes are kept and wait. */
export function quietFixes(newId: (prefix: string) => string, database: () => Database | undefined): FixViews['fixes'] {
  const sealer = { seal: (plain: string) => plain, open: (sealed: string) => sealed };
  const shared = { clock: systemClock, logger: silentLogger, newId };
  const failures = new FailureBook({ ...shared, sealer: () => sealer, database });
  const service = new FixService({
    ...shared,
    workerId: 'none',
    failures,
    fixer: { fix: () => Promise.reject(new Fault('isolation_unavailable')) },
    database: () => undefined,
    subjectOf: () => Promise.resolve(new Fault('isolation_unavailable')),
    tell: () => Promise.resolve(),
    pairs: () => ({ keep: false, customers: [], licenceOf: () => 'unknown' }),
    modelOf: () => Promise.resolve(undefined),
  });
  const nothing = { automatic: false, errorRate: 0.1, minRequests: 20, maxNanos: 1n, maxAttempts: 3 };
  return {
    service,
    failures,
    usualCapNanos: () => 250_000_000n,
    apps: {
      settings: () => Promise.resolve({ ...nothing, checks: [], protect: [], promote: { to: 'preview' } }),
      request: (_database, { app }) => Promise.reject(new Fault('not_found', { message: `There is no app "${app}".` })),
    },
  };
}
