import type { Clock } from '../../platform/clock.ts';
import type { Counter, Histogram, Labels, Metrics } from '../../platform/metrics.ts';
import type { ExchangeOutcome, FunctionReceipt } from '../functions/index.ts';

/** How an app has been doing since the gateway started. */
export interface AppFigures {
  readonly requests: number;
  /** Requests that the app failed: it threw, ended, or went over a limit. */
  readonly failures: number;
  readonly statuses: { readonly [statusClass: string]: number };
  /** Of the last thousand answers; null before the first. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** How its processes ended without having been asked to, newest first. */
  readonly receipts: readonly FunctionReceipt[];
}

const remembered = 1000;
const rememberedReceipts = 20;
const recentMs = 60_000;
const statusClasses = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];
const bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

interface AppCounts {
  /** The same objects again and again: a metric knows their text by them. */
  readonly labels: Labels;
  readonly statusLabels: { [statusClass: string]: Labels };
  requests: number;
  failures: number;
  readonly statuses: { [statusClass: string]: number };
  readonly durationsMs: number[];
  next: number;
  receipts: FunctionReceipt[];
}

/** Requests and failures of one version in the current minute, for the rule that ends a canary. */
interface RecentCounts {
  sinceMs: number;
  requests: number;
  failures: number;
}

/** Counts what apps do, for people, for scrapers and for the rule of canaries. */
export class AppMeter {
  readonly #clock: Clock;
  readonly #apps = new Map<string, AppCounts>();
  readonly #recent = new Map<string, RecentCounts>();
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #receipts: Counter;

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock;
    this.#requests = metrics.counter('switchyard_app_requests_total', 'Requests to apps by class of status.');
    this.#durations = metrics.histogram('switchyard_app_request_seconds', 'Time of requests to apps.', bounds);
    this.#receipts = metrics.counter('switchyard_app_ended_total', 'Processes of apps that ended unasked, by reason.');
  }

  note(
    app: string,
    version: string,
    { outcome, ms }: { readonly outcome: ExchangeOutcome; readonly ms: number },
  ): void {
    const counts = this.#of(app);
    const statusClass = statusClasses[Math.floor(outcome.status / 100)] ?? 'other';
    counts.requests++;
    counts.statuses[statusClass] = (counts.statuses[statusClass] ?? 0) + 1;
    if (outcome.hasFailed) counts.failures++;
    counts.durationsMs[counts.next] = ms;
    counts.next = (counts.next + 1) % remembered;
    this.#requests.add((counts.statusLabels[statusClass] ??= { app, status: statusClass }));
    this.#durations.observe(counts.labels, ms / 1000);
    const recent = this.#recentOf(`${app}/${version}`);
    recent.requests++;
    // A framework that catches what was thrown answers with a status of its own: it failed all the same.
    if (outcome.hasFailed || outcome.status >= 500) recent.failures++;
  }

  ended(receipt: FunctionReceipt): void {
    const counts = this.#of(receipt.app);
    counts.receipts = [receipt, ...counts.receipts].slice(0, rememberedReceipts);
    this.#receipts.add({ app: receipt.app, reason: receipt.code });
  }

  /** Requests and failures of a version within the last minute or two. */
  recent(app: string, version: string): { readonly requests: number; readonly failures: number } {
    return this.#recentOf(`${app}/${version}`);
  }

  figures(app: string): AppFigures {
    const { requests, failures, statuses, durationsMs, receipts } = this.#of(app);
    const sorted = [...durationsMs].sort((left, right) => left - right);
    const quantile = (share: number): number | null => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      return value === undefined ? null : Math.round(value * 1000) / 1000;
    };
    return { requests, failures, statuses: { ...statuses }, p50Ms: quantile(0.5), p99Ms: quantile(0.99), receipts };
  }

  forget(app: string): void {
    this.#apps.delete(app);
    for (const key of this.#recent.keys()) if (key.startsWith(`${app}/`)) this.#recent.delete(key);
  }

  #of(app: string): AppCounts {
    let counts = this.#apps.get(app);
    if (counts === undefined) {
      counts = {
        labels: { app },
        statusLabels: {},
        requests: 0,
        failures: 0,
        statuses: {},
        durationsMs: [],
        next: 0,
        receipts: [],
      };
      this.#apps.set(app, counts);
    }
    return counts;
  }

  #recentOf(key: string): RecentCounts {
    const nowMs = this.#clock.monotonicMs();
    let recent = this.#recent.get(key);
    if (recent === undefined || nowMs - recent.sinceMs > recentMs) {
      recent = { sinceMs: nowMs, requests: 0, failures: 0 };
      this.#recent.delete(key);
      this.#recent.set(key, recent);
      if (this.#recent.size > 1000) this.#recent.delete(this.#recent.keys().next().value ?? '');
    }
    return recent;
  }
}
