import type { Clock } from '../platform/clock.ts';

/** One request as it was received, and what became of it. */
export interface RecordedRequest {
  readonly sequence: number;
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** At most 1 MiB of it. */
  bodyText: string;
  bodyBytes: number;
  model: string;
  status: number;
  outcome: 'open' | 'done' | 'aborted' | 'cut';
  tokensProduced: number;
  readonly receivedAtMs: number;
}

/** A client that went away before its answer was complete. */
export interface AbortRecord {
  readonly path: string;
  readonly model: string;
  readonly tokensProduced: number;
  /** Wall clock of the moment the server saw it. */
  readonly seenAtMs: number;
  /** Milliseconds since the last mark: set the mark when aborting to learn how long detection took. */
  readonly sinceMarkMs: number | undefined;
}

/** What the simulator has seen since it started or was reset. */
export interface SimulatorStats {
  readonly requests: number;
  readonly requestsByPath: { readonly [path: string]: number };
  readonly requestsByModel: { readonly [model: string]: number };
  readonly answersByStatus: { readonly [status: string]: number };
  readonly open: number;
  readonly openPeak: number;
  readonly connections: number;
  readonly connectionsPeak: number;
  readonly connectionsTotal: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly completed: number;
  readonly cuts: number;
  readonly aborts: number;
  /** Times a write had to wait 50 ms or longer for the client to read. */
  readonly pauses: number;
  readonly tokensProduced: number;
  readonly recentAborts: readonly AbortRecord[];
  readonly recent: readonly Readonly<RecordedRequest>[];
}

/** The part of a request known at its head. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
}

const maxBodyTextBytes = 1024 * 1024;
const maxAborts = 10_000;
const maxNames = 1_000;

type Totals = { -readonly [name in keyof SimulatorStats]: SimulatorStats[name] } & {
  requestsByPath: Record<string, number>;
  requestsByModel: Record<string, number>;
  answersByStatus: Record<string, number>;
  recentAborts: AbortRecord[];
  recent: RecordedRequest[];
};

function emptyTotals(kept: { open: number; connections: number }): Totals {
  return {
    requests: 0,
    requestsByPath: {},
    requestsByModel: {},
    answersByStatus: {},
    open: kept.open,
    openPeak: kept.open,
    connections: kept.connections,
    connectionsPeak: kept.connections,
    connectionsTotal: kept.connections,
    bytesReceived: 0,
    bytesSent: 0,
    completed: 0,
    cuts: 0,
    aborts: 0,
    pauses: 0,
    tokensProduced: 0,
    recentAborts: [],
    recent: [],
  };
}

/** Counts what happens; every change is announced so that tests can wait without polling. */
export class Counters {
  readonly #clock: Clock;
  readonly #recordLimit: number;
  readonly #listeners = new Set<() => void>();
  #totals = emptyTotals({ open: 0, connections: 0 });
  #markedAtMs: number | undefined;

  /** Keeps the last `recordLimit` requests; none at 0. */
  constructor(clock: Clock, recordLimit: number) {
    this.#clock = clock;
    this.#recordLimit = recordLimit;
  }

  /** A request begins. */
  open(head: RequestHead): RecordedRequest {
    const totals = this.#totals;
    totals.requests += 1;
    totals.open += 1;
    totals.openPeak = Math.max(totals.openPeak, totals.open);
    countName(totals.requestsByPath, head.path);
    const record = createRecord(head, totals.requests, this.#clock.nowMs());
    if (this.#recordLimit > 0) pushBounded(totals.recent, record, this.#recordLimit);
    this.#announce();
    return record;
  }

  /** Its body has arrived. */
  body(record: RecordedRequest, body: Buffer, model: string): void {
    record.model = model;
    record.bodyBytes = body.length;
    if (this.#recordLimit > 0) record.bodyText = body.subarray(0, maxBodyTextBytes).toString();
    this.#totals.bytesReceived += body.length;
    if (model !== '') countName(this.#totals.requestsByModel, model);
    this.#announce();
  }

  /** Its status line is sent. */
  status(record: RecordedRequest, status: number): void {
    record.status = status;
    countName(this.#totals.answersByStatus, String(status));
  }

  /** Bytes of its answer are sent. */
  produced(record: RecordedRequest, sizeBytes: number, tokens: number): void {
    record.tokensProduced += tokens;
    this.#totals.bytesSent += sizeBytes;
    this.#totals.tokensProduced += tokens;
    this.#announce();
  }

  /** A write must wait for the client. */
  paused(): void {
    this.#totals.pauses += 1;
    this.#announce();
  }

  /** The request is over; only the first call counts. */
  close(record: RecordedRequest, outcome: 'done' | 'aborted' | 'cut'): void {
    if (record.outcome !== 'open') return;
    record.outcome = outcome;
    this.#totals.open -= 1;
    if (outcome === 'done') this.#totals.completed += 1;
    else if (outcome === 'cut') this.#totals.cuts += 1;
    else this.#noteAbort(record);
    this.#announce();
  }

  /** A connection comes or goes. */
  connection(change: 1 | -1): void {
    const totals = this.#totals;
    totals.connections += change;
    totals.connectionsPeak = Math.max(totals.connectionsPeak, totals.connections);
    if (change > 0) totals.connectionsTotal += 1;
    this.#announce();
  }

  /** Starts the clock of `sinceMarkMs`. */
  mark(): void {
    this.#markedAtMs = this.#clock.monotonicMs();
  }

  /** A copy of the counters. */
  snapshot(): SimulatorStats {
    const totals = this.#totals;
    return {
      ...totals,
      requestsByPath: { ...totals.requestsByPath },
      requestsByModel: { ...totals.requestsByModel },
      answersByStatus: { ...totals.answersByStatus },
      recentAborts: [...totals.recentAborts],
      recent: totals.recent.map((record) => ({ ...record })),
    };
  }

  /** Back to zero, except for what is still open. */
  reset(): void {
    this.#totals = emptyTotals(this.#totals);
    this.#markedAtMs = undefined;
    this.#announce();
  }

  /** Calls the listener after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #noteAbort(record: RecordedRequest): void {
    this.#totals.aborts += 1;
    const { path, model, tokensProduced } = record;
    const sinceMarkMs = this.#markedAtMs === undefined ? undefined : this.#clock.monotonicMs() - this.#markedAtMs;
    const abort = { path, model, tokensProduced, seenAtMs: this.#clock.nowMs(), sinceMarkMs };
    pushBounded(this.#totals.recentAborts, abort, maxAborts);
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

function createRecord(head: RequestHead, sequence: number, receivedAtMs: number): RecordedRequest {
  return {
    sequence,
    ...head,
    bodyText: '',
    bodyBytes: 0,
    model: '',
    status: 0,
    outcome: 'open',
    tokensProduced: 0,
    receivedAtMs,
  };
}

function pushBounded<Item>(list: Item[], item: Item, limit: number): void {
  list.push(item);
  if (list.length > limit) list.shift();
}

function countName(counts: Record<string, number>, name: string): void {
  const known = counts[name];
  if (known === undefined && Object.keys(counts).length >= maxNames) return;
  counts[name] = (known ?? 0) + 1;
}
