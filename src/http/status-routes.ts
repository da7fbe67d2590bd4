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
        answerJson(response, 200, { status: 'live' });
        return true;
      case '/health/ready': {
        const reason = deps.notReady();
        if (reason === undefined) answerJson(response, 200, { status: 'ready' });
        else answerJson(response, 503, { status: 'not ready', reason });
        return true;
      }
      case '/metrics':
        answerMetrics(request, response, deps);
        return true;
      default:
        return false;
    }
  };
}

/** A proxy on this machine connects from loopback, whoever it speaks for. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = (socket.remoteAddress ?? '').replace('::ffff:', '');
  if (address !== '::1' && !address.startsWith('127.')) return false;
  return forwardingHeaders.every((name) => headers[name] === undefined);
}

/** Off loopback the figures tell too much to be public. */
function answerMetrics(request: IncomingMessage, response: ServerResponse, deps: StatusDeps): void {
  const header = request.headers.authorization ?? '';
  const isOwner = /^bearer /i.test(header) && deps.isOwner(header.slice(7).trim());
  if (!isLocal(request) && !isOwner) {
    return answerJson(response, 401, { code: 'key_invalid', detail: 'Off loopback, /metrics needs the owner token.' });
  }
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(deps.metrics.render());
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
