export { type ConfigProblem, formatProblem } from './config-problem.ts';
export { ConfigError, type LoadedConfig, loadConfig } from './load-config.ts';
export { locateFault } from './locate-fault.ts';
export { parseConfig } from './parse-config.ts';
export {
  type Config,
  configSchema,
  type CustomerConfig,
  type HostConfig,
  type KeyConfig,
  type ModelConfig,
  type PolicyConfig,
} from './schema.ts';
export type { CascadeConfig } from './schema-cascade.ts';
export type { ExportConfig } from './schema-exports.ts';
export { type JobConfig, jobSchema, type PromptConfig, promptSchema } from './schema-jobs.ts';
export { policySchema } from './schema-models.ts';
export { sandboxBounds, type SandboxesConfig } from './schema-sandboxes.ts';
export { planSchema } from './schema-plans.ts';
export { priceSchema } from './schema-prices.ts';
export { type RuntimeConfig, runtimeLimits } from './schema-runtime.ts';
export { readSecret, type SecretSources } from './secret-reference.ts';
export { type ConfigWatch, type ReloadListener, watchConfig } from './watch-config.ts';
