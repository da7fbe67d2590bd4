import type { IncomingMessage, ServerResponse } from 'node:http';

/** Does the client wait for a word before it sends its body? */
function isWaiting({ headers }: IncomingMessage): boolean {
  return headers.expect !== undefined && /^100-continue$/i.test(headers.expect);
}

/** Asks a client that waits for it to send the body of its request: once nothing speaks against reading it. */
export function acceptBody(request: IncomingMessage, response: ServerResponse): void {
  if (isWaiting(request) && !response.headersSent) response.writeContinue();
}

/** Nobody knows whether the body of a refused request still comes: its connection cannot serve another. */
export function declineBody(request: IncomingMessage, response: ServerResponse): void {
  if (isWaiting(request)) response.shouldKeepAlive = false;
}
