import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { applyCors } from './cors.ts';
import type { Config } from '../config/index.ts';
import type { FaultCode } from '../domain/fault-codes.ts';

/** The parts that answer requests, asked in this order. */
export interface ServerParts {
  /** Raw inference API; false when the path is not its own. */
  inference(request: IncomingMessage, response: ServerResponse): boolean;
  /** Health and metrics; false when the path is not theirs. */
  status(request: IncomingMessage, response: ServerResponse): boolean;
  /** Origins whose pages may read answers; reloadable. */
  corsOrigins(): readonly string[];
  /** Everything else: the control API. */
  control(request: IncomingMessage, response: ServerResponse): void;
}

/** Makes the one HTTP server of the product, with limits against slow and oversized heads. */
export function createHttpServer(settings: Config['server'], parts: ServerParts): Server {
  const server = createServer(
    {
      maxHeaderSize: settings.maxHeaderBytes,
      headersTimeout: settings.headersTimeoutMs,
      // Bodies have their own timer, which answers in the caller's dialect.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(settings.headersTimeoutMs, 5000),
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    (request, response) => {
      const origins = parts.corsOrigins();
      if (origins.length > 0 && applyCors(request, response, origins)) return;
      if (parts.inference(request, response) || parts.status(request, response)) return;
      parts.control(request, response);
    },
  );
  server.on('clientError', answerBrokenHead);
  return server;
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
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}
