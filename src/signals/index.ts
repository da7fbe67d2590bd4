export type { EndpointHealth } from './call-sketches.ts';
export { type CircuitSettings, defaultCircuitSettings } from './circuit.ts';
export type { AttemptSample, Availability, EndpointSignals, EndpointSpeed } from './endpoint-signals.ts';
export { RetryBudget } from './retry-budget.ts';
export { createSignals, type Signals, type SignalsSettings } from './signals.ts';
