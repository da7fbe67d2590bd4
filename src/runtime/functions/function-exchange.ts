import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { ByteLimitError, ByteMeter } from '../egress/byte-meter.ts';
import { withoutHops } from '../egress/outbound-headers.ts';
import { failureHeader } from './entry-module.ts';
import type { FunctionLimits, LimitCode } from './function-spec.ts';

/** A request on its way to a guest. */
export interface FunctionCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As the guest sees it, with the query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string | string[] };
  /** Headers that every answer carries besides the guest's own. */
  readonly answerHeaders: { readonly [name: string]: string };
  /** Told once, when the last byte went out or nothing more will. */
  done(outcome: ExchangeOutcome): void;
}

/** How a request to a guest ended. */
export interface ExchangeOutcome {
  /** Status that went to the client; 499 when it left first. */
  readonly status: number;
  readonly limit?: LimitCode;
  /** The guest threw, or its process ended under the request. */
  readonly hasFailed: boolean;
}

const abandoned = new Error('the request ended');

/** One request and its answer between a client and a guest. Bytes go through as they come. */
export class FunctionExchange implements Dispatcher.DispatchHandler {
  readonly #call: FunctionCall;
  readonly #limits: FunctionLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #ended: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #bytes = 0;
  #isOver = false;
  #hasThrown = false;
  /** Why its process is being ended, when the supervisor does so. */
  #killedFor: LimitCode | undefined;

  constructor(call: FunctionCall, limits: FunctionLimits, ended: () => void) {
    this.#call = call;
    this.#limits = limits;
    this.#ended = ended;
    this.#timer = setTimeout(() => this.#limit('wall_exceeded', 504), limits.wallMs);
    call.response.on('close', this.#clientLeft);
  }

  /** Sends the request; the answer comes by itself. */
  send(pool: Dispatcher): void {
    const { request, path, headers } = this.#call;
    const { maxRequestBytes } = this.#limits;
    const declared = request.headers['content-length'];
    if (Number(declared ?? 0) > maxRequestBytes) return this.#limit('request_too_large', 413);
    const isChunked = declared === undefined && request.headers['transfer-encoding'] !== undefined;
    let body: Dispatcher.DispatchOptions['body'] = null;
    if (isChunked) body = this.#metered(request);
    else if (declared !== undefined && declared !== '0') body = request;
    const method = (request.method ?? 'GET') as Dispatcher.HttpMethod;
    pool.dispatch({ path, method, headers, body }, this);
  }

  /** Its process is about to be ended for this. */
  killedFor(code: LimitCode): void {
    this.#killedFor = code;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(abandoned);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#isOver || status < 200) return;
    const { response, answerHeaders } = this.#call;
    if (Number(headers['content-length'] ?? 0) > this.#limits.maxResponseBytes) {
      return this.#limit('response_too_large', 502);
    }
    const sent = withoutHops(headers);
    if (sent[failureHeader] !== undefined) this.#hasThrown = true;
    for (const name in sent) if (name.startsWith('x-switchyard-')) delete sent[name];
    if (answerHeaders['content-security-policy'] !== undefined) {
      // Below a path the app shares our address: cookies and workers would be those of our own pages.
      if (sent['set-cookie'] !== undefined) delete sent['set-cookie'];
      if (sent['service-worker-allowed'] !== undefined) delete sent['service-worker-allowed'];
    }
    // Ours come last: a guest may not take away the policy that keeps it out of our own origin.
    response.writeHead(status, Object.assign(sent, answerHeaders));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxResponseBytes) return this.#limit('response_too_large', 502);
    const { response } = this.#call;
    if (response.write(chunk)) return;
    controller.pause();
    response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    const { response } = this.#call;
    response.end();
    this.#end({ status: response.statusCode, hasFailed: this.#hasThrown });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isOver) return;
    if (error instanceof ByteLimitError) return this.#limit('request_too_large', 413);
    const code = this.#killedFor;
    const detail = code === undefined ? 'The app ended while it worked on this request.' : limitSentences[code];
    this.#refuse(503, code ?? 'app_unavailable', detail);
    this.#end({ status: 503, hasFailed: true, ...(code !== undefined && { limit: code }) });
  }

  readonly #clientLeft = (): void => {
    if (this.#isOver) return;
    this.#end({ status: 499, hasFailed: false });
    this.#controller?.abort(abandoned);
  };

  #limit(code: LimitCode, status: number): void {
    if (this.#isOver) return;
    this.#refuse(status, code, limitSentences[code]);
    // A request that is refused for its own size is no failure of the app.
    this.#end({ status, limit: code, hasFailed: code !== 'request_too_large' });
    this.#controller?.abort(abandoned);
  }

  #refuse(status: number, code: string, detail: string): void {
    const { request, response, answerHeaders } = this.#call;
    if (!request.complete) response.shouldKeepAlive = false;
    refuseRequest(response, { status, code, detail, headers: answerHeaders });
  }

  #metered(request: IncomingMessage): ByteMeter {
    const meter = new ByteMeter(this.#limits.maxRequestBytes);
    // Nobody listens while the request waits for a free connection, and an error unheard would end the process.
    meter.on('error', () => undefined);
    request.pipe(meter);
    request.on('close', () => request.complete || meter.destroy(abandoned));
    return meter;
  }

  #end(outcome: ExchangeOutcome): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#call.response.off('close', this.#clientLeft);
    this.#ended();
    this.#call.done(outcome);
  }
}

const limitSentences: { readonly [Code in LimitCode]: string } = {
  cpu_exceeded: 'The app used more computing time than its version allows and was ended.',
  wall_exceeded: 'The app did not finish its answer in the time that its version allows.',
  memory_exceeded: 'The app used more memory than its version allows and was ended.',
  response_too_large: 'The answer of the app is larger than its version allows.',
  request_too_large: 'The body is larger than this app takes.',
};

/** An answer of ours in place of a guest's. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: { readonly [name: string]: string };
}

/** Answers in place of a guest; an answer that has begun is cut, so that nobody takes it for a whole one. */
export function refuseRequest(response: ServerResponse, { status, code, detail, headers }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ type: 'about:blank', status, code, detail });
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 503 && { 'retry-after': '1' }),
  });
  response.end(body);
}
