import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { acceptBody } from './accept-body.ts';
import { applyCors } from './cors.ts';
import type { Config } from '../config/index.ts';
import type { FaultCode } from '../domain/faults/fault-codes.ts';

/** The parts that answer requests, asked in this order. */
export interface ServerParts {
  /** Sandboxes of clients; false when the request is about none. Asked first: it may bear any path at all. */
  sandboxes?(request: IncomingMessage, response: ServerResponse): boolean;
  /** Apps, by path or by host; false when the request is for none: a host of their own is all theirs. */
  apps?(request: IncomingMessage, response: ServerResponse): boolean;
  /** Raw inference API; false when the path is not its own. */
  inference(request: IncomingMessage, response: ServerResponse): boolean;
  /** Health and metrics; false when the path is not theirs. */
  status(request: IncomingMessage, response: ServerResponse): boolean;
  /** Origins whose pages may read answers; reloadable. */
  corsOrigins(): readonly string[];
  /** Tools for other programs' models; false when the path is not theirs. */
  mcp?(request: IncomingMessage, response: ServerResponse): boolean;
  /** Everything else: the control API. */
  control(request: IncomingMessage, response: ServerResponse): void;
  /** Told of connections that could not be accepted; those that were go on. */
  troubled(error: Error): void;
}

/** Makes the one HTTP server of the product, with limits against slow and oversized heads. */
export function createHttpServer(settings: Config['server'], parts: ServerParts): Server {
  const latest = new WeakMap<Socket, ServerResponse>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    latest.set(request.socket, response);
    const origins = parts.corsOrigins();
    if (origins.length > 0 && applyCors(request, response, origins)) return;
    if (parts.sandboxes?.(request, response) === true) return;
    if (parts.apps?.(request, response) === true) return;
    if (parts.inference(request, response)) return;
    acceptBody(request, response);
    if (parts.mcp?.(request, response) === true) return;
    if (!parts.status(request, response)) parts.control(request, response);
  };
  const server = createServer(
    {
      maxHeaderSize: settings.maxHeaderBytes,
      headersTimeout: settings.headersTimeoutMs,
      // Bodies have their own timer, which answers in the caller's dialect; this one ends those that nobody reads.
      requestTimeout: settings.headersTimeoutMs + 2 * settings.bodyTimeoutMs,
      connectionsCheckingInterval: Math.min(settings.headersTimeoutMs, 5000),
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    answer,
  );
  // Otherwise node itself asks for the body, before anybody has looked at the key or the size.
  server.on('checkContinue', answer);
  server.on('clientError', (error, socket: Socket) => {
    // Words of ours in the middle of another answer would be taken for a part of it.
    if (isAnswering(latest.get(socket))) socket.destroy();
    else answerBrokenHead(error, socket);
  });
  server.on('error', (error) => {
    // Failing to listen at all is told to whoever asked for it.
    if (server.listening) parts.troubled(error);
  });
  return server;
}

/** An answer is on its way, or was given before its request had come to an end. */
function isAnswering(response: ServerResponse | undefined): boolean {
  if (!response?.headersSent) return false;
  return !response.writableFinished || !response.req.complete;
}

interface BrokenHead {
  readonly status: string;
  readonly code: FaultCode;
}

const brokenHeads: { readonly [errorCode: string]: BrokenHead } = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', code: 'too_large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', code: 'body_timeout' },
};
const malformedHead: BrokenHead = { status: '400 Bad Request', code: 'invalid_request' };

/** A head that cannot be parsed has no dialect: a plain, closed answer. */
function answerBrokenHead(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, code } = brokenHeads[error.code ?? ''] ?? malformedHead;
  const message = `The request head is not acceptable: ${status}.`;
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', code, param: null } });
  const head = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'];
  socket.write(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  // The other side may never close its half.
  socket.destroySoon();
}
