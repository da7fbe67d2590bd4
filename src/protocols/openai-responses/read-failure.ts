import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** Codes and types that hosts put into error events and failed responses. */
const faultByWord: ReadonlyMap<string, FaultCode> = new Map([
  ['insufficient_quota', 'upstream_quota'],
  ['billing_hard_limit_reached', 'upstream_quota'],
  ['rate_limit_exceeded', 'upstream_rate_limited'],
  ['rate_limit_error', 'upstream_rate_limited'],
  ['requests', 'upstream_rate_limited'],
  ['tokens', 'upstream_rate_limited'],
  ['too_many_requests', 'upstream_rate_limited'],
  ['invalid_api_key', 'upstream_auth'],
  ['authentication_error', 'upstream_auth'],
  ['permission_error', 'upstream_auth'],
  ['model_not_found', 'upstream_model_gone'],
  ['context_length_exceeded', 'context_too_long'],
  ['server_overloaded', 'upstream_overloaded'],
  ['overloaded_error', 'upstream_overloaded'],
  ['slow_down', 'upstream_overloaded'],
  ['service_unavailable', 'upstream_overloaded'],
  ['timeout', 'upstream_timeout'],
  ['server_error', 'upstream_error'],
  ['api_error', 'upstream_error'],
  ['invalid_request_error', 'upstream_rejected'],
  ['invalid_prompt', 'upstream_rejected'],
  ['bio_policy', 'upstream_rejected'],
  ['data_residency_mismatch', 'upstream_rejected'],
  ['image_content_policy_violation', 'upstream_rejected'],
  ['unsupported_image_media_type', 'upstream_rejected'],
  ['failed_to_download_image', 'upstream_rejected'],
  ['empty_image_file', 'upstream_rejected'],
]);

const badImage = /^(invalid_(image|base64)|image_)/;

/**
 * Classifies the error of an `error` event (flat or nested), of a failed response, or of a plain error body.
 * The upstream's sentence is kept for the log; it reaches clients only where it tells them what to mend.
 */
export function readFailure(error: Json | undefined): Fault {
  if (!isObject(error)) return new Fault('upstream_error', { detail: 'failed without an error object' });
  const message = wordOf(error, 'message');
  const code = classify(error);
  const forClient = code === 'upstream_rejected' || code === 'context_too_long';
  const param = wordOf(error, 'param');
  return new Fault(code, {
    ...(message !== undefined && { detail: message }),
    ...(forClient && message !== undefined && { message }),
    ...(forClient && param !== undefined && { param }),
    upstreamBody: { error },
  });
}

function classify(error: JsonObject): FaultCode {
  for (const word of [wordOf(error, 'code'), wordOf(error, 'type')]) {
    if (word === undefined) continue;
    const known = faultByWord.get(word);
    if (known !== undefined) return known;
    if (badImage.test(word)) return 'upstream_rejected';
  }
  return 'upstream_error';
}

function wordOf(error: JsonObject, key: string): string | undefined {
  const value = error[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
