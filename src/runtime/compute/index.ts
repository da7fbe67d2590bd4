export {
  ComputeDesk,
  type ComputeDeskDeps,
  computeHost,
  type ComputeHold,
  type ComputePayer,
  type ComputeSubject,
} from './compute-desk.ts';
export { MeteredRunner, type MeteredRunnerDeps, runtimeKey } from './metered-runner.ts';
export { StandingUse, type StandingUseDeps } from './standing-use.ts';
export { mostUseOf, useOfRun } from './run-use.ts';
