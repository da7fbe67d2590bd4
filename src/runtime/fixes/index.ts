export type { AppCheck } from './app-check.ts';
export { type AppFixSettings, writeAppFixSettings } from './app-fix-settings.ts';
export { FailureBook } from './failure-book.ts';
export type { Failure, FailureKind } from './failure-record.ts';
export { findFailure, listFailures } from './failure-store.ts';
export { failureReport } from './failure-report.ts';
export { type OutputLicence, type PairPolicy, readPairs } from './fix-pairs.ts';
export type { Fix, FixTrail } from './fix-record.ts';
export { FixService } from './fix-service.ts';
export { findFix, listFixes, readFixedFiles } from './fix-store.ts';
export type {
  FailureReport,
  FixAnswer,
  FixAttempt,
  Fixer,
  FixOutcome,
  FixQuestion,
  FixTask,
  FixVerdict,
} from './fix-types.ts';
export { mostAttempts, ModelFixer } from './model-fixer.ts';
export { type AppFixes, openAppFixes } from './open-app-fixes.ts';
export { subjectMaker } from './subject-maker.ts';
export type { RunCheck } from './verify-by-runs.ts';
export { watchRuns } from './watched-runner.ts';
