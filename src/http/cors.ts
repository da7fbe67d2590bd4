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
  'x-switchyard-explain',
  'x-switchyard-cache',
].join(', ');
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
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-expose-headers', exposedHeaders);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': allowedHeaders,
    'access-control-max-age': '600',
  });
  response.end();
  return true;
}
