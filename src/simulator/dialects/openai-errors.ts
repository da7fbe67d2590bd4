import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Failure, FailureKind } from '../scripts/failure.ts';

const shapes: { readonly [kind in FailureKind]: { readonly type: string; readonly code: string | null } } = {
  invalid: { type: 'invalid_request_error', code: null },
  auth: { type: 'invalid_request_error', code: 'invalid_api_key' },
  billing: { type: 'unknown_error', code: 'invalid_request_error' },
  forbidden: { type: 'invalid_request_error', code: 'unsupported_country_region_territory' },
  model: { type: 'invalid_request_error', code: 'model_not_found' },
  timeout: { type: 'timeout', code: null },
  'too-large': { type: 'invalid_request_error', code: null },
  rate: { type: 'requests', code: 'rate_limit_exceeded' },
  quota: { type: 'insufficient_quota', code: 'insufficient_quota' },
  context: { type: 'invalid_request_error', code: 'context_length_exceeded' },
  filter: { type: 'invalid_request_error', code: 'content_filter' },
  server: { type: 'server_error', code: null },
  overloaded: { type: 'server_error', code: null },
};

/** Error body of every OpenAI route. */
export function openAiError(failure: Failure): JsonObject {
  return { error: { message: failure.message, ...openAiErrorType(failure) } };
}

/** Type, parameter and code of an OpenAI error. */
export function openAiErrorType(failure: Failure): { type: string; param: string | null; code: string | null } {
  return { type: shapes[failure.kind].type, param: failure.parameter ?? null, code: shapes[failure.kind].code };
}
