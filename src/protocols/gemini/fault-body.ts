import { type Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

const statusWords: { readonly [httpStatus: number]: string } = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'RESOURCE_EXHAUSTED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  422: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/**
 * Error body of the Gemini API. Our stable code travels as `ErrorInfo.reason`, waits as `RetryInfo`, the way Google
 * sends its own; what Google itself said about the client's request is passed on unchanged.
 */
export function encodeGeminiFault(fault: Fault, requestId: string): JsonObject {
  const { httpStatus } = fault.kind;
  const upstream = fault.code === 'upstream_rejected' ? fault.upstreamBody : undefined;
  if (isObject(upstream) && isObject(upstream['error']) && typeof upstream['error']['status'] === 'string') {
    return upstream;
  }
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: fault.code.toUpperCase(),
    domain: 'switchyard',
    metadata: { requestId, ...(fault.param !== undefined && { param: fault.param }) },
  };
  const retry = fault.retryAfterMs !== undefined && {
    '@type': 'type.googleapis.com/google.rpc.RetryInfo',
    retryDelay: `${fault.retryAfterMs / 1000}s`,
  };
  return {
    error: {
      code: httpStatus,
      message: fault.message,
      status: statusWords[httpStatus] ?? 'UNKNOWN',
      details: retry === false ? [info] : [info, retry],
    },
  };
}
