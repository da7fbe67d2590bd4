import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { Fault } from '../../domain/faults/fault.ts';
import { firstHeader } from '../../platform/first-header.ts';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';
import type { UpstreamFailure, UpstreamRequest } from '../../providers/contract.ts';
import type { AttemptMeter } from './attempt-meter.ts';
import { startUpstreamCall, type UpstreamCall, type UpstreamListener } from './upstream-call.ts';

/** A whole answer as it came. */
export interface BufferedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a buffered attempt ended. */
export type BufferedEnd =
  | { readonly kind: 'answered'; readonly answer: BufferedAnswer }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'cancelled' };

/** Everything one buffered attempt needs. */
export interface BufferedAttemptSettings {
  readonly request: UpstreamRequest;
  readonly pool: Dispatcher;
  readonly meter: AttemptMeter;
  readonly wheel: TimerWheel;
  readonly idleMs: number;
  classify(failure: UpstreamFailure): Fault;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/** One upstream call whose answer is read whole. Only connect and the deadline limit the wait for its first byte. */
export class BufferedAttempt implements UpstreamListener {
  readonly #settings: BufferedAttemptSettings;
  readonly #onEnd: (end: BufferedEnd) => void;
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #call: UpstreamCall | undefined;
  #idle: WheelTimer | undefined;
  #isOver = false;

  constructor(settings: BufferedAttemptSettings, onEnd: (end: BufferedEnd) => void) {
    this.#settings = settings;
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#call = startUpstreamCall(this.#settings.pool, this.#settings.request, this);
  }

  cancel(): void {
    this.#finish({ kind: 'cancelled' });
  }

  /** Ends the attempt with a fault from outside, such as the deadline. */
  abort(fault: Fault): void {
    this.#finish({ kind: 'fault', fault });
  }

  connected(): void {
    this.#settings.meter.connectedMs = this.#settings.meter.elapsedMs();
  }

  headers(status: number, headers: IncomingHttpHeaders): void {
    const { meter } = this.#settings;
    meter.upstreamStatus = status;
    const requestId = headers['x-request-id'] ?? headers['request-id'] ?? headers['apim-request-id'];
    meter.upstreamRequestId = firstHeader(requestId);
    this.#status = status;
    this.#headers = headers;
  }

  data(chunk: Buffer): void {
    const { meter, wheel, idleMs } = this.#settings;
    meter.firstByteMs ??= meter.elapsedMs();
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > maxAnswerBytes) {
      return this.#fail(new Fault('upstream_malformed', { message: 'The upstream answer exceeds 64 MiB.' }));
    }
    if (this.#idle) this.#idle.restart();
    else {
      const message = 'The upstream fell silent in the middle of its answer.';
      this.#idle = wheel.after(idleMs, () => this.#fail(new Fault('truncated', { message })));
    }
  }

  ended(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    const answer = { status: this.#status, headers: this.#headers, body };
    if (this.#status >= 200 && this.#status < 300) return this.#finish({ kind: 'answered', answer });
    this.#fail(this.#settings.classify({ kind: 'status', ...answer }));
  }

  failed(phase: 'connect' | 'headers' | 'body', error: Error): void {
    // A refusal whose body broke off is still that refusal.
    if (this.#status >= 300) return this.ended();
    const classified = this.#settings.classify({ kind: 'network', phase, cause: error });
    const cut = phase === 'body' && classified.code === 'upstream_unreachable';
    this.#fail(
      cut ? new Fault('truncated', { message: 'The upstream broke off its answer.', cause: error }) : classified,
    );
  }

  broke(error: unknown): void {
    this.#fail(new Fault('internal', { cause: error }));
  }

  #fail(fault: Fault): void {
    this.#finish({ kind: 'fault', fault });
  }

  #finish(end: BufferedEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#idle?.cancel();
    if (end.kind === 'answered') this.#call?.release(this.#settings.wheel);
    else this.#call?.cancel();
    this.#onEnd(end);
  }
}
