import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';
import type { UpstreamRequest } from '../../providers/contract.ts';

/** Events of one HTTP exchange with an upstream, in order; exactly one of `ended`, `failed` and `broke` comes last. */
export interface UpstreamListener {
  connected(): void;
  headers(status: number, headers: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
  ended(): void;
  failed(phase: 'connect' | 'headers' | 'body', error: Error): void;
  /** The listener itself threw while it took an event: a defect of ours, which must end one call and not the process. */
  broke(error: unknown): void;
}

/** Control over a running upstream call. */
export interface UpstreamCall {
  pause(): void;
  resume(): void;
  /** Closes the connection at once; no further event is delivered. */
  cancel(): void;
  /** No further event is delivered; the connection is kept for reuse if the upstream ends its answer soon. */
  release(wheel: TimerWheel): void;
}

const cancelled = new Error('cancelled by the gateway');
/** Time an upstream gets to end an answer whose last frame we have seen. */
const lingerMs = 1000;

/** Sends a request through a pool. Redirects are not followed: credentials never leave their origin. */
export function startUpstreamCall(
  pool: Dispatcher,
  request: UpstreamRequest,
  listener: UpstreamListener,
): UpstreamCall {
  const call = new RunningCall(listener);
  try {
    pool.dispatch(
      {
        // A pool has its own; the way through a proxy asks for it.
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      call,
    );
  } catch (error) {
    call.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
  }
  return call;
}

/** undici's handler and the caller's handle in one object: one allocation per call. */
class RunningCall implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #listener: UpstreamListener;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: 'connect' | 'headers' | 'body' = 'connect';
  #over = false;
  #linger: WheelTimer | undefined;

  constructor(listener: UpstreamListener) {
    this.#listener = listener;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    // Without a controller the call still waits for a connection and is dropped when it gets one.
    this.#controller?.abort(cancelled);
  }

  release(wheel: TimerWheel): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.resume();
    this.#linger = wheel.after(lingerMs, () => this.#controller?.abort(cancelled));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) return controller.abort(cancelled);
    this.#phase = 'headers';
    this.#listener.connected();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    this.#phase = 'body';
    try {
      this.#listener.headers(status, headers);
    } catch (error) {
      this.#broke(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#listener.data(chunk);
    } catch (error) {
      this.#broke(error);
    }
  }

  onResponseEnd(): void {
    this.#linger?.cancel();
    if (this.#over) return;
    this.#over = true;
    try {
      this.#listener.ended();
    } catch (error) {
      this.#listener.broke(error);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#linger?.cancel();
    if (this.#over) return;
    this.#over = true;
    try {
      this.#listener.failed(this.#phase, error);
    } catch (defect) {
      this.#listener.broke(defect);
    }
  }

  #broke(error: unknown): void {
    this.cancel();
    this.#listener.broke(error);
  }
}
