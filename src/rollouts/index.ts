export { advance, isFinished, isProven, moreNeeded, pause, resume, rollBack } from './core/advance.ts';
export { assignArm, type Assignment } from './core/assign-arm.ts';
export { evidenceJson, evidenceOf, evidenceText, type RolloutEvidence } from './core/evidence.ts';
export { observe, type RolloutObservation } from './core/observe.ts';
export {
  type GuardLimits,
  type RolloutKind,
  type RolloutPlan,
  type ShadowPlan,
  usualPlan,
} from './core/rollout-plan.ts';
export { openRollout, type RolloutEvent, type RolloutStage, type RolloutState, shareOf } from './core/rollout-state.ts';
export { RolloutService, type RolloutServiceDeps } from './service/rollout-service.ts';
export type { JudgeOutcomes } from './service/assigned-requests.ts';
export type { JudgedPair, ShadowParts, ShadowQuestion } from './shadow/shadow-copier.ts';
export { findRollout, listRollouts, type Rollout } from './service/rollout-store.ts';
