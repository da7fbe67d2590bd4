export type { SettledExchange } from './exchange-spans.ts';
export type { EndpointHealth, HealthSources, JournalHealth } from './health-gauges.ts';
export { openTelemetry, type Telemetry } from './open-telemetry.ts';
export type { OtlpTarget } from './otlp-sender.ts';
export { readOtlpTarget, type TelemetrySettings } from './otlp-settings.ts';
export { defaultSpanQueueLimits, type SpanQueueLimits } from './span-queue.ts';
export { formatTraceparent } from './trace-context.ts';
export type { Tracing, TracingSettings } from './tracing.ts';
