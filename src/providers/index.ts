export * from './contract.ts';
export type { ProviderDefinition } from './provider-definition.ts';
export { createProviderRegistry, type ProviderRegistry } from './provider-registry.ts';
export { quirkMeanings, type Quirks } from './quirks.ts';
export { providerDefinitions } from './registry.gen.ts';
export { telemetryNameOf } from './telemetry-name.ts';
