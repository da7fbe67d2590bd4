export { type Decision, type DecisionInput, decide, type ModelCandidate } from './decide.ts';
export { hash32 } from './hash.ts';
export { type Evidence, OutcomeBook } from './outcome-book.ts';
export type { Needs } from './rank-endpoints.ts';
export { StickyMap } from './sticky-map.ts';
