import type { AttemptFact, FinalFact } from '../domain/facts/facts.ts';
import type { FaultCode } from '../domain/faults/fault-codes.ts';
import { usageBuckets } from '../domain/rating/usage.ts';
import type { Counter, Labels, Metrics } from '../platform/metrics.ts';

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

/** Labels of one kind of end, made once: the text of the series is remembered by the labels object. */
interface LabelSet {
  readonly place: Labels;
  readonly end: Labels;
  buckets(bucket: string): Labels;
}

const maxLabelSets = 1000;

/** What is running and what just ended: the source of the live view and of the request metrics. */
export class ExchangeBoard {
  readonly #running = new Map<string, LiveExchange>();
  readonly #recent: FinalFact[] = [];
  readonly #count: (final: FinalFact, attempts: readonly AttemptFact[]) => void;
  readonly #refusals: Counter;
  #next = 0;
  #total = 0;

  /** `isConfigured`: does the configuration name the endpoint, rather than a client? */
  constructor(metrics: Metrics, isConfigured: (endpointId: string) => boolean = () => true) {
    this.#refusals = metrics.counter('switchyard_refusals_total', 'Requests turned away before any work, by fault.');
    const requests = metrics.counter('switchyard_requests_total', 'Exchanges by model, host, status and fault.');
    const tries = metrics.counter('switchyard_attempts_total', 'Upstream calls by host, model and fault.');
    const unpriced = metrics.counter('switchyard_unpriced_requests_total', 'Exchanges whose cost is unknown.');
    const tokens = metrics.counter('switchyard_tokens_total', 'Units by usage bucket.');
    const costNanos = metrics.counter('switchyard_cost_nano_usd_total', 'Known cost in nano-USD.');
    const seconds = metrics.histogram('switchyard_request_seconds', 'Time from admission to end.', secondsBounds);
    const firstToken = metrics.histogram(
      'switchyard_first_token_seconds',
      'Time from attempt to first content.',
      secondsBounds,
    );
    metrics.gauge('switchyard_requests_running', 'Exchanges in flight.', () => [[{}, this.#running.size]]);
    const nameOf = boundNames(isConfigured);
    const labelsOf = rememberLabels(nameOf);
    const attemptLabelsOf = rememberAttemptLabels(nameOf);
    this.#count = (final, attempts) => {
      const { place, end, buckets } = labelsOf(final);
      requests.add(end);
      seconds.observe(place, final.totalMs / 1000);
      if (final.firstByteMs !== undefined) firstToken.observe(place, final.firstByteMs / 1000);
      for (const bucket of usageBuckets) {
        const units = final.usage?.[bucket];
        if (units !== undefined) tokens.add(buckets(bucket), units);
      }
      if (final.costNanos === null) unpriced.add(place);
      else costNanos.add(place, Number(final.costNanos));
      for (const attempt of attempts) tries.add(attemptLabelsOf(attempt));
    };
  }

  /** A request was turned away before it became an exchange. */
  refuse(fault: FaultCode): void {
    this.#refusals.add({ fault });
  }

  begin(exchange: LiveExchange): void {
    this.#running.set(exchange.requestId, exchange);
  }

  end(final: FinalFact, attempts: readonly AttemptFact[]): void {
    this.#running.delete(final.requestId);
    this.#recent[this.#next] = final;
    this.#next = (this.#next + 1) % maxRecent;
    this.#total++;
    this.#count(final, attempts);
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

/** Beyond this many models that clients named at hosts, the figures of further ones are told together. */
const maxNamedByClients = 100;
const otherModels = 'other';

type NameOf = (model: string, host: string | undefined, upstreamModel?: string) => string;

/** Names of clients' choosing get series of their own up to a bound, so that they never use up what there is. */
function boundNames(isConfigured: (endpointId: string) => boolean): NameOf {
  const named = new Set<string>();
  return (model, host, upstreamModel = model) => {
    if (host !== undefined && isConfigured(`${host}/${upstreamModel}`)) return model;
    if (!named.has(model)) {
      if (named.size >= maxNamedByClients) return otherModels;
      named.add(model);
    }
    return model;
  };
}

function rememberLabels(nameOf: NameOf): (final: FinalFact) => LabelSet {
  const known = new Map<string, LabelSet>();
  return ({ model, host, upstreamModel, status, fault = 'none' }) => {
    const name = `${model}\n${host ?? ''}\n${status}\n${fault}`;
    let set = known.get(name);
    if (!set) {
      if (known.size >= maxLabelSets) known.clear();
      set = makeLabelSet({ model: nameOf(model, host, upstreamModel), host: host ?? 'none' }, { status, fault });
      known.set(name, set);
    }
    return set;
  };
}

function rememberAttemptLabels(nameOf: NameOf): (attempt: AttemptFact) => Labels {
  const known = new Map<string, Labels>();
  return ({ host, upstreamModel, fault = 'none' }) => {
    const name = `${host}\n${upstreamModel}\n${fault}`;
    let labels = known.get(name);
    if (!labels) {
      if (known.size >= maxLabelSets) known.clear();
      labels = { host, model: nameOf(upstreamModel, host), fault };
      known.set(name, labels);
    }
    return labels;
  };
}

function makeLabelSet(place: Labels, how: Labels): LabelSet {
  const made = new Map<string, Labels>();
  const buckets = (bucket: string): Labels => {
    const labels = made.get(bucket) ?? { ...place, bucket };
    made.set(bucket, labels);
    return labels;
  };
  return { place, end: { ...place, ...how }, buckets };
}
