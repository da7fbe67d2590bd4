export { advance, isFinished, isProven, pause, resume, rollBack } from './core/advance.ts';
export { evidenceOf, evidenceText, type RolloutEvidence } from './core/evidence.ts';
export { observe, type RolloutObservation } from './core/observe.ts';
export { type RolloutKind, type RolloutPlan, usualPlan } from './core/rollout-plan.ts';
export { openRollout, shareOf } from './core/rollout-state.ts';
export { RolloutService, type RolloutServiceDeps } from './service/rollout-service.ts';
export type { JudgeOutcomes } from './service/assigned-requests.ts';
export type { JudgedPair, ShadowParts } from './shadow/shadow-copier.ts';
export { findRollout, listRollouts, type Rollout } from './service/rollout-store.ts';
