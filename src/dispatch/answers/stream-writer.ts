import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';
import type { AnswerHeaders, ClientSink } from './client-sink.ts';

/** Timers of the client's side of a stream. */
export interface WriterSettings {
  readonly keepaliveMs: number;
  readonly clientStallMs: number;
  /** Text that clients of the dialect ignore between events; undefined where the framing has none. */
  readonly keepalive: string | undefined;
  readonly framing: 'sse' | 'json-array';
}

/** Source that can be held while the client reads slowly. */
export interface PausableSource {
  pause(): void;
  resume(): void;
}

const unbuffered = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };
const sseHeaders = { 'content-type': 'text/event-stream; charset=utf-8', ...unbuffered };
const arrayHeaders = { 'content-type': 'application/json; charset=utf-8', ...unbuffered };

/** Headers of a streamed answer, which no proxy on the way may hold back. */
export function streamHeaders(framing: 'sse' | 'json-array'): { readonly [name: string]: string } {
  return framing === 'sse' ? sseHeaders : arrayHeaders;
}

const keepaliveComment = ': ping\n\n';
const keepaliveEvent = 'event: ping\ndata: {"type": "ping"}\n\n';

/** What clients of a dialect ignore between events; undefined where the framing has no such thing. */
export function keepaliveOf(dialect: InboundDialectId, framing: 'sse' | 'json-array'): string | undefined {
  if (dialect === 'anthropic-messages') return keepaliveEvent;
  return framing === 'sse' ? keepaliveComment : undefined;
}

/** The client's side of one stream: headers once, back-pressure, keepalives in silence, stall detection. */
export class StreamWriter {
  readonly #sink: ClientSink;
  readonly #settings: WriterSettings;
  readonly #wheel: TimerWheel;
  #source: PausableSource | undefined;
  #paused = false;
  #isDetached = false;
  #keepalive: WheelTimer | undefined;
  #stall: WheelTimer | undefined;

  constructor(sink: ClientSink, settings: WriterSettings, wheel: TimerWheel) {
    this.#sink = sink;
    this.#settings = settings;
    this.#wheel = wheel;
    sink.onDrain(() => this.#drained());
  }

  get headersSent(): boolean {
    return this.#sink.started;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Nobody listens any more. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Names the upstream to hold while the client is slow, which it may be already. */
  attach(source: PausableSource): void {
    this.#source = source;
    if (this.#paused) source.pause();
  }

  /** Starts counting silence; `earlyHeaders` go out with the first keepalive if nothing else came before. */
  startKeepalive(earlyHeaders: () => AnswerHeaders): void {
    const { keepalive, keepaliveMs } = this.#settings;
    if (keepalive === undefined) return;
    const beat = (): void => {
      if (!this.#paused) {
        this.start(earlyHeaders());
        this.write(keepalive);
      }
      this.#keepalive = this.#wheel.after(keepaliveMs, beat);
    };
    this.#keepalive = this.#wheel.after(keepaliveMs, beat);
  }

  /** Sends status 200 and headers unless a keepalive did already. */
  start(headers: AnswerHeaders): void {
    if (!this.#sink.started) this.#sink.start(200, streamHeaders(this.#settings.framing), headers);
  }

  write(bytes: Buffer | string): void {
    if (bytes.length === 0) return;
    this.#keepalive?.restart();
    if (this.#sink.write(bytes) || this.#paused) return;
    this.#paused = true;
    this.#source?.pause();
    this.#stall = this.#wheel.after(this.#settings.clientStallMs, () => this.#sink.destroy());
  }

  end(bytes: Buffer | string): void {
    this.stop();
    this.#sink.end(bytes);
  }

  /** Nobody listens any more: the source runs free and nothing is timed. */
  detach(): void {
    this.#isDetached = true;
    this.stop();
    if (!this.#paused) return;
    this.#paused = false;
    this.#source?.resume();
  }

  /** Stops the timers; the stream is over. */
  stop(): void {
    this.#keepalive?.cancel();
    this.#stall?.cancel();
    this.#keepalive = undefined;
    this.#stall = undefined;
  }

  #drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stall?.cancel();
    this.#stall = undefined;
    this.#source?.resume();
  }
}
