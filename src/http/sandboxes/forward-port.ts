import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { connectPort, type LiveSandbox } from '../../runtime/index.ts';
import { acceptBody } from '../accept-body.ts';
import { answerError } from './wire-answers.ts';

/** Headers that are between the client and us. */
const ownHeaders = ['x-access-token', 'e2b-traffic-access-token', 'e2b-sandbox-id', 'e2b-sandbox-port', 'x-api-key'];
const hops = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
];
const mostConnections = 32;
/** Longest from the request until the head of its answer, and without a byte of the answer being taken. */
const longestSilenceMs = 300_000;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Carries requests to programs that listen inside sandboxes. */
export class PortForwarder {
  readonly #open = new WeakMap<LiveSandbox, number>();
  readonly #silenceMs: number;

  constructor(silenceMs: number = longestSilenceMs) {
    this.#silenceMs = silenceMs;
  }

  /** Hands one request to a port of the sandbox and its answer back, as they come. */
  async forward(sandbox: LiveSandbox, port: number, exchange: Exchange): Promise<void> {
    const { response } = exchange;
    const count = this.#open.get(sandbox) ?? 0;
    if (count >= mostConnections) {
      const message = 'Too many connections to the sandbox are open.';
      return answerError(response, { status: 503, message, retryAfterSeconds: 1 });
    }
    this.#open.set(sandbox, count + 1);
    // Neither a program that is silent nor somebody who takes nothing, or left, may hold a connection.
    const patience = new AbortController();
    const giveUp = (): void => patience.abort();
    const timer = setTimeout(giveUp, this.#silenceMs);
    response.once('close', giveUp);
    let isOver = false;
    // What is left of an answer may come after its connection is gone.
    const progressed = (): void => void (isOver || timer.refresh());
    try {
      await carry(sandbox, port, { ...exchange, signal: patience.signal, progressed });
    } finally {
      isOver = true;
      clearTimeout(timer);
      response.off('close', giveUp);
      this.#open.set(sandbox, (this.#open.get(sandbox) ?? 1) - 1);
    }
  }
}

interface Carried extends Exchange {
  /** Fires when the answer does not go on, or nobody waits for it. */
  readonly signal: AbortSignal;
  /** To be called with the head and each piece of the answer. */
  progressed(): void;
}

async function carry(sandbox: LiveSandbox, port: number, carried: Carried): Promise<void> {
  const { response, signal } = carried;
  const machine = await sandbox.boot().catch(() => undefined);
  const connection = machine && (await connectPort(machine, port, signal).catch(() => undefined));
  if (!connection) {
    const message = `The sandbox runs, but nothing listens on its port ${port}.`;
    return answerError(response, { status: 502, message, retryAfterSeconds: 1 });
  }
  try {
    if (!signal.aborted) acceptBody(carried.request, response);
    await relay(connection, port, carried);
  } finally {
    connection.destroy();
  }
}

/** Resolves when the connection is of no more use. What the program inside says is not to be trusted. */
function relay(connection: Duplex, port: number, { request, response, signal, progressed }: Carried): Promise<void> {
  return new Promise<void>((resolve) => {
    const outgoing = send({
      createConnection: () => connection,
      method: request.method,
      path: request.url,
      headers: headersFor(request),
    });
    const fail = (): void => {
      if (!response.destroyed) {
        answerError(response, { status: 502, message: `The program on port ${port} gave no answer.` });
      }
      outgoing.destroy();
      resolve();
    };
    outgoing.on('error', fail);
    // Another protocol is not carried.
    outgoing.on('upgrade', fail);
    outgoing.on('response', (answer) => {
      progressed();
      answer.on('data', progressed);
      try {
        sendBack(answer, response);
      } catch {
        fail();
      }
    });
    // After a head, the answer says itself whether it is whole.
    connection.on('close', () => (response.headersSent ? resolve() : fail()));
    response.on('close', resolve);
    signal.addEventListener('abort', fail, { once: true });
    if (signal.aborted) return fail();
    request.pipe(outgoing);
  });
}

function sendBack(answer: IncomingMessage, response: ServerResponse): void {
  const { statusCode = 0 } = answer;
  if (statusCode < 200 || statusCode > 599) throw new RangeError(`the status ${statusCode}`);
  response.writeHead(statusCode, headersBack(answer));
  answer.on('error', () => response.destroy());
  answer.on('aborted', () => response.destroy());
  answer.pipe(response);
}

function headersFor({ headers }: IncomingMessage): Record<string, string | string[]> {
  const sent = without(headers, [...ownHeaders, ...hops]);
  sent['connection'] = 'close';
  return sent;
}

function headersBack({ headers }: IncomingMessage): Record<string, string | string[]> {
  return without(headers, [...hops, 'transfer-encoding']);
}

function without(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !names.includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
