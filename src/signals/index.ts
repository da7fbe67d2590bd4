export type { EndpointHealth } from './call-sketches.ts';
export { defaultCircuitSettings } from './circuit.ts';
export { RetryBudget } from './retry-budget.ts';
export { createSignals, type Signals } from './signals.ts';
