import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Labels, Metrics } from '../platform/metrics.ts';

/** Health of one endpoint, as its signals tell it. */
export interface EndpointHealth {
  readonly attempts: number;
  readonly faults: number;
  readonly firstTokenP50Ms: number | undefined;
  readonly firstTokenP95Ms: number | undefined;
  readonly outputTokensPerSecond: number | undefined;
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly coolingUntilMs: number;
}

/** Health of the journal. */
export interface JournalHealth {
  readonly accepting: boolean;
  readonly alarm: boolean;
  readonly queuedBytes: number;
  readonly framesWritten: number;
  readonly commitP50Ms: number;
  readonly commitP99Ms: number;
}

/** Where the gauges look at each scrape. */
export interface HealthSources {
  endpoints(): Iterable<readonly [endpointId: string, health: EndpointHealth]>;
  journal(): JournalHealth;
  /** Bytes held by the response cache. */
  cacheBytes(): number;
  monotonicMs(): number;
}

/** Series are bounded even where clients name the models. */
const maxEndpoints = 1000;
const circuitStates = { closed: 0, 'half-open': 1, open: 2 } as const;
const nanosPerSecond = 1e9;
const sampleEveryMs = 10;
const millisecondsPerSecond = 1000;

type Series = Iterable<readonly [Labels, number]>;

/** Registers everything that is read rather than counted: endpoints, journal, cache, process. */
export function registerHealthGauges(metrics: Metrics, sources: HealthSources): { close(): void } {
  registerEndpoints(metrics, sources);
  registerJournal(metrics, sources);
  metrics.gauge('switchyard_cache_bytes', 'Bytes held by the response cache.', () => [[{}, sources.cacheBytes()]]);
  return registerProcess(metrics);
}

function registerEndpoints(metrics: Metrics, { endpoints, monotonicMs }: HealthSources): void {
  const each = function* (read: (health: EndpointHealth) => number | undefined): Series {
    let count = 0;
    for (const [endpoint, health] of endpoints()) {
      if (count++ >= maxEndpoints) return;
      const value = read(health);
      if (value !== undefined) yield [{ endpoint }, value];
    }
  };
  metrics.gauge('switchyard_endpoint_circuit_state', 'Circuit: 0 closed, 1 half-open, 2 open.', () =>
    each(({ circuit }) => circuitStates[circuit]),
  );
  metrics.gauge('switchyard_endpoint_cooling', '1 while the endpoint waits out a rate limit.', () =>
    each(({ coolingUntilMs }) => (coolingUntilMs > monotonicMs() ? 1 : 0)),
  );
  metrics.total('switchyard_endpoint_attempts_total', 'Attempts that ended.', () => each(({ attempts }) => attempts));
  metrics.total('switchyard_endpoint_faults_total', 'Attempts that ended with a fault of the upstream.', () =>
    each(({ faults }) => faults),
  );
  metrics.gauge('switchyard_endpoint_first_token_seconds', 'Time to first content, last five minutes.', () => [
    ...quantile(
      each(({ firstTokenP50Ms }) => toSeconds(firstTokenP50Ms)),
      '0.5',
    ),
    ...quantile(
      each(({ firstTokenP95Ms }) => toSeconds(firstTokenP95Ms)),
      '0.95',
    ),
  ]);
  metrics.gauge('switchyard_endpoint_output_tokens_per_second', 'Median speed, last five minutes.', () =>
    each(({ outputTokensPerSecond }) => outputTokensPerSecond),
  );
}

function* quantile(series: Series, name: string): Series {
  for (const [labels, value] of series) yield [{ ...labels, quantile: name }, value];
}

function registerJournal(metrics: Metrics, { journal }: HealthSources): void {
  metrics.gauge('switchyard_journal_accepting', '0 while new work is refused.', () => [
    [{}, journal().accepting ? 1 : 0],
  ]);
  metrics.gauge(
    'switchyard_journal_alarm',
    '1 when space or queue is past its alarm level, or damage was found.',
    () => [[{}, journal().alarm ? 1 : 0]],
  );
  metrics.gauge('switchyard_journal_queued_bytes', 'Bytes not yet on disk.', () => [[{}, journal().queuedBytes]]);
  metrics.total('switchyard_journal_frames_total', 'Facts written.', () => [[{}, journal().framesWritten]]);
  metrics.gauge('switchyard_journal_commit_seconds', 'Time from append to durable, last batches.', () => {
    const { commitP50Ms, commitP99Ms } = journal();
    return [
      [{ quantile: '0.5' }, commitP50Ms / millisecondsPerSecond],
      [{ quantile: '0.99' }, commitP99Ms / millisecondsPerSecond],
    ];
  });
}

function registerProcess(metrics: Metrics): { close(): void } {
  const delay = monitorEventLoopDelay({ resolution: sampleEveryMs });
  delay.enable();
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => [[{}, process.memoryUsage.rss()]]);
  metrics.total('process_cpu_seconds_total', 'Processor time, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return [[{}, (user + system) / 1e6]];
  });
  metrics.gauge('switchyard_event_loop_delay_seconds', 'Delay of the event loop since the last scrape.', () => {
    const lines: [Labels, number][] = [
      [{ quantile: '0.5' }, secondsOf(delay.percentile(50))],
      [{ quantile: '0.99' }, secondsOf(delay.percentile(99))],
      [{ quantile: '1' }, secondsOf(delay.max)],
    ];
    delay.reset();
    return lines;
  });
  return { close: () => delay.disable() };
}

/** What is measured is the time between two samples, of which the interval itself is no delay. */
function secondsOf(nanos: number): number {
  const delay = nanos / nanosPerSecond - sampleEveryMs / millisecondsPerSecond;
  return delay > 0 && Number.isFinite(delay) ? delay : 0;
}

function toSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / millisecondsPerSecond;
}
