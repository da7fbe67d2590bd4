export type * from './contract.ts';
export { isolationTiers, limitedResources, runLanguages } from './contract.ts';
export { defaultLimits, limitsOf, maximumLimits } from './limits.ts';
