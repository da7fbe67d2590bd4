import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { codeOfStatus } from '../shared/code-of-status.ts';
import { isObject } from '../shared/field-reader.ts';

const codesByType: ReadonlyMap<string, FaultCode> = new Map([
  ['overloaded_error', 'upstream_overloaded'],
  ['rate_limit_error', 'upstream_rate_limited'],
  ['invalid_request_error', 'upstream_rejected'],
  ['request_too_large', 'too_large'],
  ['authentication_error', 'upstream_auth'],
  ['permission_error', 'upstream_auth'],
  ['billing_error', 'upstream_quota'],
  ['not_found_error', 'upstream_model_gone'],
  ['timeout_error', 'upstream_timeout'],
  ['api_error', 'upstream_error'],
]);

const tooLong = /prompt is too long|context (window|length|limit)|exceeds? the (maximum|model's) .*tokens/i;
const noCredit = /credit balance|usage limits?|spend(ing)? limit|billing/i;

/** What the transport knows beside the body of an error. */
export interface ErrorCircumstances {
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/**
 * Classifies an error body or in-band error event of the Messages API. The upstream's own words reach the client only
 * where the client can act on them; elsewhere they stay in `detail`.
 */
export function readAnthropicError(body: unknown, circumstances: ErrorCircumstances = {}): Fault {
  const { status, retryAfterMs } = circumstances;
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {};
  const type = typeof error['type'] === 'string' ? error['type'] : undefined;
  const text = typeof error['message'] === 'string' ? error['message'] : undefined;
  const code = refine(codeOf(type, status), text ?? '');
  const clientCanAct = code === 'upstream_rejected' || code === 'context_too_long' || code === 'too_large';
  return new Fault(code, {
    ...(clientCanAct && text !== undefined && { message: text }),
    ...(clientCanAct && { upstreamBody: body }),
    ...(status !== undefined && { upstreamStatus: status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    detail: `${type ?? 'unknown error'}: ${text ?? 'no message'}`,
  });
}

function codeOf(type: string | undefined, status: number | undefined): FaultCode {
  const byType = type === undefined ? undefined : codesByType.get(type);
  const byStatus = status === undefined ? undefined : codeOfStatus(status);
  return byType ?? byStatus ?? 'upstream_error';
}

/** The API has one type for every bad request; two of them are not the client's mistake to mend. */
function refine(code: FaultCode, text: string): FaultCode {
  if (code !== 'upstream_rejected') return code;
  if (tooLong.test(text)) return 'context_too_long';
  return noCredit.test(text) ? 'upstream_quota' : code;
}
