import type { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { openAICodes } from '../shared/openai-words.ts';
import { objectOf, textOf } from './values.ts';

/** Error types that clients of this dialect know, where the status alone does not tell. */
const types: { readonly [Code in FaultCode]?: string } = {
  budget_exceeded: 'insufficient_quota',
  key_invalid: 'authentication_error',
  not_allowed: 'permission_error',
  rate_limited: 'rate_limit_error',
  upstream_rate_limited: 'rate_limit_error',
};

/** Writes a fault as this dialect's error body; an upstream's refusal of the request keeps its own words. */
export function encodeFault(fault: Fault): JsonObject {
  const own = fault.code === 'upstream_rejected' ? upstreamError(fault.upstreamBody) : undefined;
  if (own) return { error: own };
  const { httpStatus } = fault.kind;
  return {
    error: {
      message: fault.message,
      type: types[fault.code] ?? (httpStatus >= 500 ? 'server_error' : 'invalid_request_error'),
      param: fault.param === undefined ? null : parameterName(fault.param),
      code: openAICodes[fault.code] ?? fault.code,
    },
  };
}

function upstreamError(body: unknown): JsonObject | undefined {
  const error = objectOf(objectOf(body)?.['error']);
  const message = textOf(error?.['message']);
  if (!error || message === undefined) return undefined;
  return {
    ...error,
    message,
    type: textOf(error['type']) ?? 'invalid_request_error',
    param: error['param'] ?? null,
    code: error['code'] ?? null,
  };
}

/** `/messages/0/content` becomes `messages[0].content`, as this dialect names fields. */
function parameterName(param: string): string {
  if (!param.startsWith('/')) return param;
  return param
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`));
}
