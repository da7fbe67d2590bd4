import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { UnsupportedError } from './refusals.ts';
import { answerJson } from './wire-answers.ts';

/** How the Connect protocol names failures; the head of a unary answer carries the number. */
const statuses = {
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  resource_exhausted: 429,
  unimplemented: 501,
  unavailable: 503,
  deadline_exceeded: 504,
  internal: 500,
} as const;

/** One of these names. */
export type ConnectCode = keyof typeof statuses;

/** A failure as the Connect protocol tells it. */
export class ConnectError extends Error {
  readonly code: ConnectCode;

  constructor(code: ConnectCode, message: string) {
    super(message);
    this.name = 'ConnectError';
    this.code = code;
  }
}

const faultCodes: { readonly [code in FaultCode]?: ConnectCode } = {
  invalid_request: 'invalid_argument',
  key_invalid: 'unauthenticated',
  not_found: 'not_found',
  conflict: 'already_exists',
  rate_limited: 'resource_exhausted',
  too_large: 'resource_exhausted',
  shedding: 'unavailable',
  isolation_unavailable: 'unavailable',
};

/** Reads an error as the protocol tells it; undefined for a defect of ours. */
export function toConnectError(error: unknown): ConnectError | undefined {
  if (error instanceof ConnectError) return error;
  if (error instanceof UnsupportedError) return new ConnectError('unimplemented', error.message);
  if (Fault.is(error)) return new ConnectError(faultCodes[error.code] ?? 'internal', error.message);
  return undefined;
}

/** Answers a unary call with its failure. */
export function answerConnectError(response: ServerResponse, { code, message }: ConnectError): void {
  if (response.headersSent) return void response.destroy();
  if (!response.req.complete) {
    response.shouldKeepAlive = false;
    response.req.resume();
  }
  answerJson(response, statuses[code], { body: { code, message } });
}

/** The message of a unary call or the one in front of a stream, whose envelope it lies in. */
export function readMessage(bytes: Buffer, isStream: boolean): Record<string, unknown> {
  const text = isStream ? envelopeOf(bytes) : bytes;
  let message: unknown;
  try {
    message = text.length === 0 ? {} : JSON.parse(text.toString('utf8'));
  } catch {
    throw new ConnectError('invalid_argument', 'The message is not JSON.');
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
    return message as Record<string, unknown>;
  }
  throw new ConnectError('invalid_argument', 'The message is no JSON object.');
}

function envelopeOf(bytes: Buffer): Buffer {
  const size = bytes.length < 5 ? undefined : bytes.readUInt32BE(1);
  if (bytes[0] === 1) throw new ConnectError('unimplemented', 'Compressed messages are not supported.');
  if (size === undefined || bytes.length < 5 + size) {
    throw new ConnectError('invalid_argument', 'The envelope of the message is cut off.');
  }
  return bytes.subarray(5, 5 + size);
}

/** An answer that goes on: each message is sent at once, and a slow reader is waited for. */
export class ConnectStream {
  readonly #response: ServerResponse;
  readonly #keepalive: NodeJS.Timeout | undefined;
  #isQuiet = true;

  /** `ping` is sent whenever nothing else was for so long as the client asked for. */
  constructor(request: IncomingMessage, response: ServerResponse, ping: object) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'application/connect+json', 'cache-control': 'no-store' });
    const seconds = Number(request.headers['keepalive-ping-interval']);
    if (seconds >= 1) {
      this.#keepalive = setInterval(
        () => {
          if (this.#isQuiet && !response.writableNeedDrain) response.write(envelope(0, ping));
          this.#isQuiet = true;
        },
        Math.min(seconds, 3600) * 1000,
      );
    }
    response.once('close', () => clearInterval(this.#keepalive));
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** Resolves when there is room for more, or nobody who reads. */
  async send(message: object): Promise<void> {
    this.#isQuiet = false;
    if (!this.isOpen || this.#response.write(envelope(0, message))) return;
    const left = new AbortController();
    const leave = (): void => left.abort();
    this.#response.once('close', leave);
    await once(this.#response, 'drain', { signal: left.signal }).catch(() => undefined);
    this.#response.off('close', leave);
  }

  end(error?: ConnectError): void {
    clearInterval(this.#keepalive);
    if (!this.isOpen) return;
    this.#response.end(envelope(2, error ? { error: { code: error.code, message: error.message } } : {}));
  }
}

function envelope(flags: number, message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message), 'utf8');
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}
