import type { IncomingMessage } from 'node:http';
import type { ObjectRequest } from '../../gateway/index.ts';
import type { InboundProtocol } from '../../protocols/index.ts';
import type { Key } from '../../tenants/index.ts';
import type { ObjectRoute } from './match-object.ts';

/** What is known of a request about an object once its body is read. */
export interface ReadObjectRequest {
  readonly request: IncomingMessage;
  readonly route: ObjectRoute;
  readonly query: string;
  readonly requestId: string;
  readonly inbound: InboundProtocol;
  readonly key: Key;
  readonly bytes: Buffer;
}

/** Makes of an HTTP request what the gateway needs of it. */
export function toObjectRequest({ request, route, query, ...known }: ReadObjectRequest): ObjectRequest {
  const { collection, id, action } = route;
  const hostName = request.headers['x-switchyard-host'];
  return {
    ...known,
    method: request.method ?? 'GET',
    collection,
    ...(id !== undefined && { id }),
    ...(action !== undefined && { action }),
    query: new URLSearchParams(query),
    contentType: request.headers['content-type'] ?? '',
    ...(typeof hostName === 'string' && hostName !== '' && { hostName }),
  };
}
