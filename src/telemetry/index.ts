export type { EndpointHealth } from './health-gauges.ts';
export { openTelemetry, type Telemetry } from './open-telemetry.ts';
export type { OtlpTarget } from './otlp-sender.ts';
export { readOtlpTarget } from './otlp-settings.ts';
export { formatTraceparent } from './trace-context.ts';
export type { Tracing } from './tracing.ts';
