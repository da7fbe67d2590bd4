import type { LiveFinal, LiveView } from '../../../sdk/index.ts';

/** Figures of one model over its latest requests. */
export interface ModelRow {
  readonly model: string;
  readonly running: number;
  readonly ended: number;
  readonly failed: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

/** Figures of one host over its latest requests and all its endpoints. */
export interface HostRow {
  readonly host: string;
  readonly ended: number;
  readonly attempts: number;
  readonly faults: number;
}

/** What the live view shows beyond what the gateway counts itself. */
export interface Summary {
  /** Undefined before there is a span of time to divide by. */
  readonly requestsPerSecond: number | undefined;
  readonly failedShare: number | undefined;
  readonly models: readonly ModelRow[];
  readonly hosts: readonly HostRow[];
  /** Fault codes of the latest requests, most frequent first. */
  readonly faults: readonly { readonly code: string; readonly count: number }[];
}

/** Works out rates, models and hosts; the rate is that since the earlier view, or of the latest requests. */
export function summarize(view: LiveView, earlier: LiveView | undefined): Summary {
  const { recent, running } = view.requests;
  const failed = recent.filter(({ status }) => status === 'failed').length;
  const codes = countBy(recent.flatMap(({ fault }) => (fault === undefined ? [] : [fault])));
  const names = new Set([...running.map(({ model }) => model), ...recent.map(({ model }) => model)]);
  return {
    requestsPerSecond: rateOf(view, earlier),
    failedShare: recent.length === 0 ? undefined : failed / recent.length,
    models: [...names].map((model) => modelRow(model, view)).sort((a, b) => b.running - a.running || b.ended - a.ended),
    hosts: hostRows(view),
    faults: [...codes].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
  };
}

function rateOf(view: LiveView, earlier: LiveView | undefined): number | undefined {
  if (earlier !== undefined && earlier.startedAtMs === view.startedAtMs) {
    const seconds = (view.atMs - earlier.atMs) / 1000;
    return seconds > 0 ? (view.requests.total - earlier.requests.total) / seconds : undefined;
  }
  const oldest = view.requests.recent.at(-1);
  const seconds = oldest === undefined ? 0 : (view.atMs - oldest.atMs) / 1000;
  return seconds > 0 ? view.requests.recent.length / seconds : undefined;
}

function modelRow(model: string, { requests }: LiveView): ModelRow {
  const ended = requests.recent.filter((one) => one.model === model);
  const times = ended.map(({ totalMs }) => totalMs).sort((a, b) => a - b);
  return {
    model,
    running: requests.running.filter((one) => one.model === model).length,
    ended: ended.length,
    failed: ended.filter(({ status }) => status === 'failed').length,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  };
}

function hostRows({ requests, endpoints }: LiveView): HostRow[] {
  const hostOf = ({ endpoint }: { endpoint: string }): string => endpoint.split('/')[0] ?? endpoint;
  const ended = (host: string): LiveFinal[] => requests.recent.filter((one) => one.host === host);
  return [...new Set(endpoints.map(hostOf))].map((host) => {
    const own = endpoints.filter((one) => hostOf(one) === host);
    const sum = (read: (one: (typeof own)[number]) => number): number =>
      own.reduce((total, one) => total + read(one), 0);
    return {
      host,
      ended: ended(host).length,
      attempts: sum(({ attempts }) => attempts),
      faults: sum(({ faults }) => faults),
    };
  });
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
