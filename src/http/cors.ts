import type { IncomingMessage, ServerResponse } from 'node:http';

const allowedHeaders = [
  'authorization',
  'content-type',
  'x-api-key',
  'x-goog-api-key',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'x-switchyard-session',
  'x-switchyard-job',
  'x-switchyard-feature',
  'x-switchyard-external-id',
  'x-switchyard-explain',
  'x-switchyard-cache',
].join(', ');
const headerNames = /^[A-Za-z0-9-]+( *, *[A-Za-z0-9-]+)*$/;
const exposedHeaders = [
  'x-switchyard-request-id',
  'x-switchyard-model',
  'x-switchyard-host',
  'x-switchyard-attempts',
  'x-switchyard-cache',
  'x-switchyard-decision',
  'x-switchyard-dropped',
  'x-switchyard-cost-nanos',
  'x-switchyard-fault',
  'retry-after',
].join(', ');

/**
 * Lets pages of the configured origins read answers; without any, browsers keep them out. True when the request was a
 * preflight and is answered.
 */
export function applyCors(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return false;
  allowOrigin(response, origin);
  if (!isPreflight(request)) return false;
  answerPreflight(request, response);
  return true;
}

/** Lets pages of an origin read the answer. */
export function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-expose-headers', exposedHeaders);
}

/** Whether a browser asks what a page may send, before it sends it. */
export function isPreflight(request: IncomingMessage): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

/**
 * Says what pages may send, to origins that were allowed before. Clients add headers about themselves, which are as
 * harmless as their names are many: what is asked for is granted.
 */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers'] ?? '';
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': headerNames.test(asked) ? `${allowedHeaders}, ${asked}` : allowedHeaders,
    'access-control-max-age': '600',
  });
  response.end();
}
