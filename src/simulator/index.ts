export type { SimulatorStats } from './counters.ts';
export { describeScripts } from './scripts/describe-scripts.ts';
export { simulatedModels } from './answers/models.ts';
export type { Position, Script } from './scripts/script.ts';
export type { Simulator, SimulatorOptions } from './simulator-options.ts';
export { startSimulator } from './start-simulator.ts';
