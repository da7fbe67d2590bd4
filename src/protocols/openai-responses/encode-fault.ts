import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { openAICodes } from '../shared/openai-words.ts';

const typeByStatus: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'insufficient_quota'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [429, 'rate_limit_error'],
]);

/** The `{message, type, param, code}` of a fault, in bodies and in error events alike. */
export function faultError(fault: Fault): { readonly [key in 'message' | 'type' | 'code']: string } & JsonObject {
  return {
    message: fault.message,
    type: typeOf(fault.kind.httpStatus),
    param: fault.param === undefined ? null : paramOf(fault.param),
    code: openAICodes[fault.code] ?? fault.code,
  };
}

/** Error body for an HTTP error status. */
export function encodeFault(fault: Fault, requestId: string): JsonObject {
  return { error: { ...faultError(fault), request_id: requestId } };
}

function typeOf(status: number): string {
  return typeByStatus.get(status) ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
}

/** `/input/0/role` is `input[0].role` to users of this dialect. */
function paramOf(pointer: string): string {
  if (!pointer.startsWith('/')) return pointer;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : `${path}.${step}`));
}
