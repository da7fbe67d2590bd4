export {
  ComputeDesk,
  type ComputeDeskDeps,
  type ComputeHold,
  type ComputePayer,
  type ComputeSubject,
} from './compute-desk.ts';
export { MeteredRunner } from './metered-runner.ts';
export { StandingUse } from './standing-use.ts';
export { mostUseOf, useOfRun } from './run-use.ts';
