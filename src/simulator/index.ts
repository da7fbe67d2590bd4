export type { AbortRecord, RecordedRequest, SimulatorStats } from './counters.ts';
export { describeScripts } from './describe-scripts.ts';
export type { SimulatedModel } from './models.ts';
export { simulatedModels } from './models.ts';
export type { Position, Script } from './script.ts';
export { parseScript, ScriptError } from './script.ts';
export type { Simulator, SimulatorOptions } from './simulator-options.ts';
export { startSimulator } from './start-simulator.ts';
