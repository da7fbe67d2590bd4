import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type SettledExchange, toSpans } from './exchange-spans.ts';
import { openOtlpSender, type OtlpTarget } from './otlp-sender.ts';
import { SpanQueue, type SpanQueueLimits } from './span-queue.ts';
import { traceContextOf } from './trace-context.ts';

/** What tracing needs. */
export interface TracingSettings {
  /** The collector now; undefined turns tracing off, and a reload may change it. */
  target(): OtlpTarget | undefined;
  /** Share of the traces begun here that are sent; a caller's own decision is kept. */
  sampleRatio(): number;
  /** What the conventions call the provider of a host; undefined when the host is not known any more. */
  providerNameOf(hostId: string): string | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly limits?: SpanQueueLimits;
}

const logEveryMs = 60_000;
const ratioDigits = 13;

/** Turns settled exchanges into spans and sends them. Does nothing, and costs nothing, without a collector. */
export class Tracing {
  readonly #settings: TracingSettings;
  readonly #queue: SpanQueue;
  readonly #sender: ReturnType<typeof openOtlpSender>;
  #quiet: NodeJS.Timeout | undefined;

  constructor(settings: TracingSettings) {
    this.#settings = settings;
    this.#sender = openOtlpSender(
      () => settings.target(),
      (reason) => this.#complain(reason),
    );
    this.#queue = new SpanQueue(this.#sender.send, settings.limits);
    const { metrics } = settings;
    metrics.total('switchyard_trace_spans_exported_total', 'Spans the collector took.', () => [
      [{}, this.#queue.exported],
    ]);
    metrics.total('switchyard_trace_spans_dropped_total', 'Spans lost: queue full, refused, unsent at the end.', () => [
      [{}, this.#queue.dropped],
    ]);
    metrics.gauge('switchyard_trace_spans_queued', 'Spans waiting for the collector.', () => [
      [{}, this.#queue.waiting],
    ]);
  }

  /** Takes a settled exchange; called after its last byte. */
  record(settled: SettledExchange): void {
    if (this.#settings.target() === undefined) return;
    const context = traceContextOf(settled.open.requestId, settled.traceparent);
    if (!context.sampled) return;
    if (context.parentSpanId === undefined && !isInShare(context.traceId, this.#settings.sampleRatio())) return;
    this.#queue.push(toSpans(settled, context, this.#settings.providerNameOf));
  }

  /** Sends what is left; at most a few seconds. */
  async close(): Promise<void> {
    await this.#queue.close();
    clearTimeout(this.#quiet);
    await this.#sender.close();
  }

  /** A collector that is down would otherwise fill the log. */
  #complain(reason: string): void {
    if (this.#quiet !== undefined) return;
    this.#settings.logger.warn({ reason, dropped: this.#queue.dropped }, 'traces could not be sent');
    this.#quiet = setTimeout(() => (this.#quiet = undefined), logEveryMs);
    this.#quiet.unref();
  }
}

/** By the random end of the trace id, so that every process decides alike. */
function isInShare(traceId: string, ratio: number): boolean {
  return ratio >= 1 || Number.parseInt(traceId.slice(-ratioDigits), 16) < ratio * 16 ** ratioDigits;
}
