export type * from './contract.ts';
export { isolationTiers, limitedResources, runLanguages } from './contract.ts';
export { type Engines, findEngines } from './functions/index.ts';
export { defaultLimits, limitsOf, maximumLimits } from './limits.ts';
export { RunBook, type RunBookDeps, type RunOutcome } from './runs/run-book.ts';
export { runLines } from './runs/run-lines.ts';
export { requireTier, RunService, type RunServiceDeps, type RunSettings } from './runs/run-service.ts';
export { WorkspaceDriver, type WorkspaceDriverOptions } from './workspaces/workspace-driver.ts';
