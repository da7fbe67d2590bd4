import type { FinalFact } from '../domain/facts.ts';
import type { Metrics } from '../platform/metrics.ts';

/** A request in flight, for the live view. */
export interface LiveExchange {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
}

const maxRecent = 200;
const secondsBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What is running and what just ended: the source of the live view and of the request metrics. */
export class ExchangeBoard {
  readonly #running = new Map<string, LiveExchange>();
  readonly #recent: FinalFact[] = [];
  readonly #count: (final: FinalFact) => void;
  #next = 0;
  #total = 0;

  constructor(metrics: Metrics) {
    const requests = metrics.counter('switchyard_requests_total', 'Exchanges by model, host, status and fault.');
    const tokens = metrics.counter('switchyard_tokens_total', 'Units by usage bucket.');
    const costNanos = metrics.counter('switchyard_cost_nano_usd_total', 'Known cost in nano-USD.');
    const seconds = metrics.histogram('switchyard_request_seconds', 'Time from admission to end.', secondsBounds);
    const firstToken = metrics.histogram(
      'switchyard_first_token_seconds',
      'Time from attempt to first content.',
      secondsBounds,
    );
    metrics.gauge('switchyard_requests_running', 'Exchanges in flight.', () => [[{}, this.#running.size]]);
    this.#count = (final) => {
      const labels = { model: final.model, host: final.host ?? 'none' };
      requests.add({ ...labels, status: final.status, fault: final.fault ?? 'none' });
      seconds.observe(labels, final.totalMs / 1000);
      if (final.firstByteMs !== undefined) firstToken.observe(labels, final.firstByteMs / 1000);
      for (const [bucket, units] of Object.entries(final.usage ?? {})) tokens.add({ ...labels, bucket }, units);
      if (final.costNanos !== null) costNanos.add(labels, Number(final.costNanos));
    };
  }

  begin(exchange: LiveExchange): void {
    this.#running.set(exchange.requestId, exchange);
  }

  end(final: FinalFact): void {
    this.#running.delete(final.requestId);
    this.#recent[this.#next] = final;
    this.#next = (this.#next + 1) % maxRecent;
    this.#total++;
    this.#count(final);
  }

  get total(): number {
    return this.#total;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Longest-running first. */
  running(limit: number): LiveExchange[] {
    const first: LiveExchange[] = [];
    for (const exchange of this.#running.values()) {
      if (first.length >= limit) break;
      first.push(exchange);
    }
    return first;
  }

  /** Latest first. */
  recent(limit: number): FinalFact[] {
    const ordered = [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)];
    return ordered.reverse().slice(0, limit);
  }
}
