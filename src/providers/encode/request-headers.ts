import type { Host } from '../../domain/calls/endpoint.ts';
import type { OutboundCall } from '../contract.ts';
import type { AddressedCall, Addressing } from '../provider-definition.ts';

/**
 * Headers that never travel on, whoever let them through: credentials and account names of the client, what belongs to
 * one connection, traces of proxies, and our own.
 */
const withheld = new RegExp(
  `^(${[
    'authorization|x-api-key|api-key|x-goog-api-key|x-goog-user-project|x-amz-.*|cookie2?',
    'openai-organization|openai-project',
    'host|connection|keep-alive|te|trailers?|transfer-encoding|upgrade|expect|content-.*|accept|accept-encoding',
    'proxy-.*|forwarded|via|x-forwarded-.*|x-real-ip|cf-.*|user-agent|x-switchyard-.*',
  ].join('|')})$`,
);

/** On every request. A compressed stream would wait in the compressor, and the tap would have to inflate it. */
export const ownHeaders = { 'accept-encoding': 'identity', 'user-agent': 'switchyard' } as const;

/** Headers of an upstream request, but for its credentials. */
export function requestHeaders(
  call: OutboundCall,
  addressed: AddressedCall,
  addressing: Addressing,
): { readonly [name: string]: string } {
  const headers: Record<string, string> = {
    'content-type': call.contentType,
    accept: addressed.stream ? 'text/event-stream' : '*/*',
    'accept-encoding': ownHeaders['accept-encoding'],
    'user-agent': ownHeaders['user-agent'],
  };
  if (addressing.headersFor) Object.assign(headers, addressing.headersFor(addressed));
  // Headers of one dialect mean nothing in another.
  if (call.dialect === addressed.dialect) copyAllowed(call.headers, headers);
  // A trace crosses dialects; it is only here when the operator wants it to leave the house.
  const { traceparent } = call.headers;
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  addHostHeaders(addressed.endpoint.host, headers);
  return headers;
}

function copyAllowed(from: { readonly [name: string]: string }, to: Record<string, string>): void {
  for (const [name, value] of Object.entries(from)) {
    const lower = name.toLowerCase();
    if (!withheld.test(lower)) to[lower] = value;
  }
}

/** Adds the headers configured for a host, which win over all others. */
export function addHostHeaders({ headers }: Host, to: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) to[name.toLowerCase()] = value;
}
