export type { AppCheck } from './app-check.ts';
export { type AppFixSettings, readAppFixSettings, writeAppFixSettings } from './app-fix-settings.ts';
export { FailureBook } from './failure-book.ts';
export type { Failure, FailureKind } from './failure-record.ts';
export { findFailure, listFailures } from './failure-store.ts';
export { errorSignature, failureReport } from './failure-report.ts';
export { type FixPair, type OutputLicence, type PairPolicy, readPairs } from './fix-pairs.ts';
export type { Fix, FixPromotion, FixSpec, FixState, FixTrail } from './fix-record.ts';
export { FixService } from './fix-service.ts';
export { findFix, listFixes, readFixedFiles } from './fix-store.ts';
export type {
  CheckResult,
  FailureReport,
  FixAnswer,
  FixAttempt,
  Fixer,
  FixOutcome,
  FixPayer,
  FixQuestion,
  FixReason,
  FixResult,
  FixTask,
  FixVerdict,
} from './fix-types.ts';
export { secretHider } from './hide-secrets.ts';
export { mostAttempts, ModelFixer, type ModelFixerDeps } from './model-fixer.ts';
export { type AppFixes, openAppFixes } from './open-app-fixes.ts';
export { isPlainPath, protectedBy } from './protected-paths.ts';
export { subjectMaker } from './subject-maker.ts';
export { diffFiles } from './unified-diff.ts';
export { type RunCheck, runOnce, verifyByRuns } from './verify-by-runs.ts';
export { watchRuns } from './watched-runner.ts';
