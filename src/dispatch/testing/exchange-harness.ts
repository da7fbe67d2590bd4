import type { Dispatcher } from 'undici';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { AttemptFact } from '../../domain/facts/facts.ts';
import type { Clock } from '../../platform/clock.ts';
import { createSeededRandom } from '../../platform/random.ts';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { createProviderRegistry } from '../../providers/index.ts';
import { createSignals, type Signals } from '../../signals/index.ts';
import type { AnswerHeaders, ClientSink } from '../answers/client-sink.ts';
import type { DispatchDeps, DispatchPlan, DispatchResult } from '../dispatch-plan.ts';
import { runExchange } from '../run-exchange.ts';
import { ordinaryPolicy } from './ordinary-policy.ts';

/** One upstream call as the pool got it; the test answers it piece by piece. */
export class FakeCall {
  readonly hostId: string;
  readonly #handler: Dispatcher.DispatchHandler;
  isAborted = false;
  isPaused = false;

  constructor(hostId: string, handler: Dispatcher.DispatchHandler) {
    this.hostId = hostId;
    this.#handler = handler;
    const abort = (): void => {
      this.isAborted = true;
    };
    const controller = {
      abort,
      pause: () => void (this.isPaused = true),
      resume: () => void (this.isPaused = false),
    };
    this.#controller = controller as unknown as Dispatcher.DispatchController;
    handler.onRequestStart?.(this.#controller, undefined);
  }

  readonly #controller: Dispatcher.DispatchController;

  head(status: number, headers: { readonly [name: string]: string }): this {
    this.#handler.onResponseStart?.(this.#controller, status, headers, '');
    return this;
  }

  /** The head of a good stream. */
  stream(): this {
    return this.head(200, { 'content-type': 'text/event-stream' });
  }

  data(text: string): this {
    this.#tell(() => this.#handler.onResponseData?.(this.#controller, Buffer.from(text)));
    return this;
  }

  event(value: object): this {
    return this.data(`data: ${JSON.stringify(value)}\n\n`);
  }

  text(content: string): this {
    return this.event({ id: 'c1', model: 'm', choices: [{ index: 0, delta: { content } }] });
  }

  finish(usage?: object): this {
    this.event({ id: 'c1', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    if (usage) this.event({ id: 'c1', model: 'm', choices: [], usage });
    return this;
  }

  end(): this {
    this.#tell(() => this.#handler.onResponseEnd?.(this.#controller, {}));
    return this;
  }

  /** Like undici: a handler that throws gets its own error back as the end of the call. */
  #tell(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.isAborted = true;
      this.#handler.onResponseError?.(this.#controller, error as Error);
    }
  }

  /** A whole answer that is not a stream. */
  json(body: object, status = 200): this {
    return this.head(status, { 'content-type': 'application/json' }).data(JSON.stringify(body)).end();
  }

  reset(): this {
    this.#handler.onResponseError?.(this.#controller, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    return this;
  }
}

/** The client's connection in memory. */
export class FakeSink implements ClientSink {
  text = '';
  started = false;
  gone = false;
  isDestroyed = false;
  isSlow = false;
  headers: AnswerHeaders = {};
  #onDrain: () => void = () => undefined;
  #onGone: () => void = () => undefined;

  start(_status: number, headers: AnswerHeaders, more?: AnswerHeaders): void {
    this.started = true;
    this.headers = { ...headers, ...more };
  }

  write(bytes: Buffer | string): boolean {
    this.text += bytes.toString();
    return !this.isSlow;
  }

  end(bytes: Buffer | string = ''): void {
    this.text += bytes.toString();
  }

  destroy(): void {
    this.isDestroyed = true;
    this.leave();
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  drain(): void {
    this.isSlow = false;
    this.#onDrain();
  }

  leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.#onGone();
  }
}

/** A clock that moves when told to, with the timers that hang on it. */
export class FakeTime implements Clock, TimerWheel {
  #nowMs = 1_000_000;
  readonly #timers = new Set<{ dueMs: number; readonly fire: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  get size(): number {
    return this.#timers.size;
  }

  after(delayMs: number, fire: () => void): WheelTimer {
    const timer = { dueMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return {
      cancel: () => void this.#timers.delete(timer),
      restart: () => {
        timer.dueMs = this.#nowMs + delayMs;
      },
    };
  }

  close(): void {
    this.#timers.clear();
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs);
      const next = due.toSorted((left, right) => left.dueMs - right.dueMs)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets everything that waits on settled promises go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An endpoint of a host that speaks chat completions. */
export function endpointAt(id: string, changes: Partial<Endpoint> = {}): Endpoint {
  const host = {
    id,
    protocol: 'openai-chat' as const,
    providerId: 'generic-openai-chat',
    baseUrl: `http://${id}.test/v1`,
    auth: { type: 'none' as const },
    timeouts: { connectMs: 1000, firstTokenMs: 10_000, idleMs: 10_000, totalMs: 600_000 },
    headers: {},
    maxConnections: 10,
  };
  const plain = { weight: 1, price: undefined, limits: {}, capabilities: {} };
  return { id: `${id}/m`, modelName: 'm', host, upstreamModel: 'm', ...plain, ...changes };
}

/** A running exchange with every end of it in the test's hand. */
export interface Harness {
  readonly time: FakeTime;
  readonly sink: FakeSink;
  readonly signals: Signals;
  readonly calls: FakeCall[];
  readonly attempts: AttemptFact[];
  readonly result: Promise<DispatchResult>;
}

/** What a test may set. */
export interface HarnessOptions {
  readonly candidates?: readonly Endpoint[];
  readonly plan?: Partial<DispatchPlan>;
  readonly stream?: boolean;
  readonly deps?: (deps: DispatchDeps) => Partial<DispatchDeps>;
  /** Before anything runs. */
  readonly prepare?: (signals: Signals) => void;
}

/** Runs an exchange over fake hosts. */
export function runHarness(options: HarnessOptions = {}): Harness {
  const time = new FakeTime();
  const sink = new FakeSink();
  const signals = createSignals(time);
  options.prepare?.(signals);
  const calls: FakeCall[] = [];
  const attempts: AttemptFact[] = [];
  const provider = createProviderRegistry({ clock: time }).getProvider('generic-openai-chat');
  if (!provider) throw new Error('the generic provider is gone');
  const pools: DispatchDeps['pools'] = {
    pool: (host) => {
      const dispatch = (_call: unknown, handler: Dispatcher.DispatchHandler): boolean => {
        calls.push(new FakeCall(host.id, handler));
        return true;
      };
      return { dispatch } as unknown as Dispatcher;
    },
    close: () => Promise.resolve(),
  };
  const base = { pools, signals, wheel: time, clock: time, random: createSeededRandom(1), providerOf: () => provider };
  const deps: DispatchDeps = { ...base, ...options.deps?.(base) };
  const plan = planOf(options, attempts);
  return { time, sink, signals, calls, attempts, result: runExchange(plan, sink, deps) };
}

function planOf(
  { candidates = [endpointAt('a')], plan, stream = true }: HarnessOptions,
  attempts: AttemptFact[],
): DispatchPlan {
  const body = {
    model: 'm',
    stream,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'hi' }],
  };
  const head = openAIChatInbound.readHead(body, { operation: 'generate' });
  if ('code' in head) throw head;
  return {
    requestId: 'req_1',
    candidates,
    call: {
      operation: 'generate',
      dialect: 'openai-chat',
      bytes: Buffer.from(JSON.stringify(body)),
      body,
      stream,
      contentType: 'application/json',
      headers: {},
      parse: () => openAIChatInbound.parseCall(body, head),
    },
    inbound: openAIChatInbound,
    context: {
      requestId: 'req_1',
      model: 'm',
      createdAtS: 1,
      wantsUsage: true,
      framing: 'sse',
      request: body,
      newId: (prefix) => `${prefix}_1`,
    },
    policy: ordinaryPolicy,
    totalMs: 600_000,
    estimateInputTokens: () => 5,
    drainMs: 0,
    continuation: 'off',
    hedging: undefined,
    keepaliveMs: 15_000,
    clientStallMs: 60_000,
    collects: false,
    answerHeaders: () => ({}),
    earlyHeaders: () => ({}),
    attempted: (fact) => attempts.push(fact),
    ...plan,
  };
}
