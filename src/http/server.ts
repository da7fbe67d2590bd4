import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config/index.ts';

/** The parts that answer requests, asked in this order. */
export interface ServerParts {
  /** Raw inference API; false when the path is not its own. */
  inference(request: IncomingMessage, response: ServerResponse): boolean;
  /** Health and metrics; false when the path is not theirs. */
  status(request: IncomingMessage, response: ServerResponse): boolean;
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
      if (parts.inference(request, response) || parts.status(request, response)) return;
      parts.control(request, response);
    },
  );
  server.on('clientError', answerBrokenHead);
  return server;
}

const statusOfError: { readonly [code: string]: string } = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** A head that cannot be parsed has no dialect: a plain, closed answer. */
function answerBrokenHead(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = statusOfError[error.code ?? ''] ?? '400 Bad Request';
  const code = status.startsWith('431') ? 'too_large' : status.startsWith('408') ? 'body_timeout' : 'invalid_request';
  const body = JSON.stringify({
    error: {
      message: `The request head is not acceptable: ${status}.`,
      type: 'invalid_request_error',
      code,
      param: null,
    },
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
