import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

const otherTypes: { readonly [Code in FaultCode]?: string } = {
  key_invalid: 'authentication_error',
  budget_exceeded: 'billing_error',
  not_allowed: 'permission_error',
  model_unknown: 'not_found_error',
  not_found: 'not_found_error',
  body_timeout: 'timeout_error',
  too_large: 'request_too_large',
  rate_limited: 'rate_limit_error',
  upstream_rate_limited: 'rate_limit_error',
  upstream_overloaded: 'overloaded_error',
  shedding: 'overloaded_error',
  upstream_timeout: 'timeout_error',
  deadline_exceeded: 'timeout_error',
};

/** Error body of the Messages API: for an HTTP error status, and as data of an in-band `error` event. */
export function encodeFault(fault: Fault, requestId: string): JsonObject {
  return { type: 'error', error: ownWords(fault) ?? describe(fault), request_id: requestId };
}

function describe(fault: Fault): JsonObject {
  const status = fault.kind.httpStatus;
  const fallback = status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error';
  return { type: otherTypes[fault.code] ?? fallback, message: fault.message };
}

/** An upstream of this dialect that refused the request itself has said it best. */
function ownWords(fault: Fault): JsonObject | undefined {
  const body = fault.upstreamBody;
  if (fault.code !== 'upstream_rejected' && fault.code !== 'context_too_long') return undefined;
  if (!isObject(body) || body['type'] !== 'error' || !isObject(body['error'])) return undefined;
  const { type, message } = body['error'];
  return typeof type === 'string' && typeof message === 'string' ? { type, message } : undefined;
}
