export { errorSignature, failureReport } from './failure-report.ts';
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
export { ModelFixer, type ModelFixerDeps } from './model-fixer.ts';
export { isPlainPath, protectedBy } from './protected-paths.ts';
export { diffFiles } from './unified-diff.ts';
export { type RunCheck, runOnce, verifyByRuns } from './verify-by-runs.ts';
