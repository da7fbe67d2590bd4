import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from '../platform/metrics.ts';

/** What the status routes report. */
export interface StatusDeps {
  readonly metrics: Metrics;
  /** Why the product should not get traffic now; undefined when it should. */
  notReady(): string | undefined;
  isOwner(token: string): boolean;
}

/** Answers health checks and metrics; false when the path is neither. */
export function createStatusHandler(deps: StatusDeps): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    switch (request.url?.split('?')[0]) {
      case '/health/live':
        answer(response, 200, JSON.stringify({ status: 'live' }));
        return true;
      case '/health/ready': {
        const reason = deps.notReady();
        answer(
          response,
          reason === undefined ? 200 : 503,
          JSON.stringify(reason === undefined ? { status: 'ready' } : { status: 'not ready', reason }),
        );
        return true;
      }
      case '/metrics':
        if (mayScrape(request, deps))
          answer(response, 200, deps.metrics.render(), 'text/plain; version=0.0.4; charset=utf-8');
        else
          answer(
            response,
            401,
            JSON.stringify({ code: 'key_invalid', detail: 'Off loopback, /metrics needs the owner token.' }),
          );
        return true;
      default:
        return false;
    }
  };
}

function mayScrape(request: IncomingMessage, deps: StatusDeps): boolean {
  const address = request.socket.remoteAddress ?? '';
  if (address === '::1' || address.replace('::ffff:', '').startsWith('127.')) return true;
  const header = request.headers.authorization ?? '';
  return /^bearer /i.test(header) && deps.isOwner(header.slice(7).trim());
}

function answer(response: ServerResponse, status: number, body: string, contentType = 'application/json'): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(body);
}
