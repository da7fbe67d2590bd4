import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { ObjectCall, UpstreamRequest } from '../contract.ts';
import type { Addressing } from '../provider-definition.ts';
import { addHostHeaders, ownHeaders } from './request-headers.ts';
import { resolveBaseUrl } from './resolve-base-url.ts';

/** Addresses a call about an object at a host; undefined when its layout has no object routes. */
export function objectRequest(
  call: ObjectCall,
  endpoint: Endpoint,
  addressing: Addressing,
): UpstreamRequest | undefined {
  const path = addressing.objectPath?.(call.path, endpoint);
  if (path === undefined) return undefined;
  const base = resolveBaseUrl(endpoint.host);
  const headers: Record<string, string> = { accept: '*/*', ...ownHeaders };
  if (call.body !== undefined) headers['content-type'] = call.contentType ?? 'application/json';
  addHostHeaders(endpoint.host, headers);
  return { method: call.method, origin: base.origin, path: base.path + path, headers, body: call.body };
}
