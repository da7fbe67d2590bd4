import { type HealthSources, registerHealthGauges } from './health-gauges.ts';
import { Tracing, type TracingSettings } from './tracing.ts';

/** Who looks on: traces for a collector, gauges for a scraper. */
export interface Telemetry {
  readonly tracing: Tracing;
  close(): Promise<void>;
}

/** Starts to look on; health is only read when somebody scrapes. */
export function openTelemetry(settings: TracingSettings, health: HealthSources): Telemetry {
  const tracing = new Tracing(settings);
  const gauges = registerHealthGauges(settings.metrics, health);
  return {
    tracing,
    async close() {
      gauges.close();
      await tracing.close();
    },
  };
}
