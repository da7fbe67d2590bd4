export { type Candidate, estimateCandidates, type Estimates } from './choose/estimate-candidates.ts';
export { type Choice, chooseByEstimates, chooseModel } from './choose/choose-model.ts';
export { draw } from './choose/explore.ts';
export { type Decision, decide } from './decide.ts';
export { learnerDefaults, RoutingLearner } from './estimate/routing-learner.ts';
export type { RoutingState } from './estimate/routing-state.ts';
export { featureKindOf, VectorProjection } from './features/embedded-features.ts';
export { FeatureReader } from './features/feature-reader.ts';
export type { PromptFeatures } from './features/prompt-features.ts';
export { encodeFeatures } from './features/feature-text.ts';
export { hash32 } from './hash.ts';
export { JobClassifier } from './classify/job-classifier.ts';
export { type JobProposals, proposeJobs } from './classify/propose-jobs.ts';
export { dropOldOutcomes, followOutcomes } from './learning/shared-outcomes.ts';
export { InfluenceCap } from './learning/influence-cap.ts';
export { judgeBy, successBy } from './learning/judge-by.ts';
export { LearningService } from './learning/learning-service.ts';
export type { KnownModel } from './priors/prior-of.ts';
export { decideRoute, type RoutedCandidate, type RoutedDecision } from './route/decide-route.ts';
export { explainRoute, shareText, summarise } from './route/explain-route.ts';
export { ExplorationBudget, type ExplorationLimits } from './route/exploration-budget.ts';
export { redraw } from './route/redraw.ts';
export type { RouteCandidate, RoutedJob, RouteEndpoint, RouteInput, RoutePolicy } from './route/route-input.ts';
export { type Demands, unfit } from './route/unfit.ts';
export { OutcomeBook } from './outcome-book.ts';
export type { Needs } from './rank-endpoints.ts';
export { StickyMap } from './sticky-map.ts';
export { termDesign } from './estimate/designs.ts';
export { NeighbourIndex } from './estimate/neighbour-index.ts';
export { solveRidge } from './estimate/sparse-ridge.ts';
export { TermWeights } from './estimate/term-weights.ts';
export { ChangeDetector } from './evidence/change-detector.ts';
export { chooseChain, valueChain } from './choose/choose-chain.ts';
export {
  type ChainModel,
  chooseExpectedChain,
  type ExpectedChain,
  valueExpectedChain,
} from './choose/expected-chain.ts';
export { expectedNoise, type LoggedChoice, policyValue } from './off-policy/policy-value.ts';
export type { JobPolicy } from './off-policy/candidate-policy.ts';
export {
  evaluatePolicy,
  type MetricComparison,
  type PolicyEvaluation,
  type PolicyMetric,
  type SegmentEvaluation,
} from './off-policy/evaluate-policy.ts';
export type { LoggedDecision } from './off-policy/logged-decision.ts';
export { readLoggedDecision } from './off-policy/read-logged-decision.ts';
export { compareWithBaseline } from './off-policy/compare-with-baseline.ts';
