import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { codeOfStatus } from '../shared/code-of-status.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';

/** Google API keys as they appear in some of Google's own error messages. */
const apiKey = /AIza[\w-]{10,}/g;
const tooLong = /(token count|context|prompt).*(exceed|too long|too large)|exceeds the maximum number of tokens/i;
const clientsOwnObject = /\b(file|cached ?content|tuned model)s?\b/i;

const codeByStatusWord: { readonly [word: string]: FaultCode } = {
  UNAUTHENTICATED: 'upstream_auth',
  PERMISSION_DENIED: 'upstream_auth',
  NOT_FOUND: 'upstream_model_gone',
  RESOURCE_EXHAUSTED: 'upstream_rate_limited',
  UNAVAILABLE: 'upstream_overloaded',
  DEADLINE_EXCEEDED: 'upstream_timeout',
  INTERNAL: 'upstream_error',
  UNKNOWN: 'upstream_error',
  ABORTED: 'upstream_error',
  CANCELLED: 'upstream_error',
  DATA_LOSS: 'upstream_error',
  FAILED_PRECONDITION: 'upstream_quota',
  INVALID_ARGUMENT: 'upstream_rejected',
  OUT_OF_RANGE: 'upstream_rejected',
  UNIMPLEMENTED: 'upstream_rejected',
};

/**
 * Classifies an error answer of a Google API, from its body where that says more than the HTTP status. Waits come
 * from the body's `RetryInfo`; a daily quota is not a rate limit, since no wait of this request helps.
 */
export function readGeminiError(status: number, body: unknown): Fault {
  const error = errorOf(body);
  if (error === undefined) return new Fault(codeOfStatus(status) ?? 'upstream_error', { upstreamStatus: status });
  const message = typeof error['message'] === 'string' ? error['message'].replace(apiKey, '[key]') : '';
  const details = Array.isArray(error['details']) ? (error['details'] as readonly Json[]).filter(isObject) : [];
  const code = refine(codeOf(status, error), message, details);
  const retryAfterMs = readRetryDelayMs(details);
  // Only what the client can mend is told in the upstream's words: the others are the operator's business.
  const isClients = code === 'upstream_rejected' || code === 'context_too_long';
  return new Fault(code, {
    ...(isClients && message !== '' && { message }),
    ...(isClients && { upstreamBody: { error: { ...error, message } } }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    upstreamStatus: status,
    detail: message,
  });
}

/** Without `alt=sse` Google wraps the error object of a stream in an array. */
function errorOf(body: unknown): JsonObject | undefined {
  const whole: unknown = Array.isArray(body) ? body[0] : body;
  return isObject(whole) && isObject(whole['error']) ? whole['error'] : undefined;
}

function codeOf(status: number, error: JsonObject): FaultCode {
  const word = error['status'];
  const known = typeof word === 'string' ? ownValue(codeByStatusWord, word) : undefined;
  const inBand = typeof error['code'] === 'number' ? error['code'] : status;
  return known ?? codeOfStatus(status >= 400 ? status : inBand) ?? 'upstream_error';
}

function refine(code: FaultCode, message: string, details: readonly JsonObject[]): FaultCode {
  switch (code) {
    case 'upstream_rate_limited':
      return isQuota(message, details) ? 'upstream_quota' : code;
    case 'upstream_rejected':
      if (details.some((detail) => wordOf(detail['reason']).startsWith('API_KEY_'))) return 'upstream_auth';
      if (/api key (not valid|expired|not found)/i.test(message)) return 'upstream_auth';
      return tooLong.test(message) ? 'context_too_long' : code;
    case 'upstream_auth':
    case 'upstream_model_gone':
      return clientsOwnObject.test(message) && !/\bmodels?\//.test(message) ? 'upstream_rejected' : code;
    default:
      return code;
  }
}

/** Quotas per day, or of zero because the plan lacks the model, outlast any wait. */
function isQuota(message: string, details: readonly JsonObject[]): boolean {
  const violations = details.flatMap((detail) =>
    Array.isArray(detail['violations']) ? (detail['violations'] as readonly Json[]).filter(isObject) : [],
  );
  if (violations.some((violation) => /PerDay|Daily/i.test(String(violation['quotaId'])))) return true;
  if (violations.some((violation) => wordOf(violation['quotaValue']) === '0')) return true;
  return /\blimit: 0\b|per day|daily (limit|quota)|credits? (are|is|have been) (depleted|exhausted)/i.test(message);
}

function readRetryDelayMs(details: readonly JsonObject[]): number | undefined {
  const info = details.find((detail) => wordOf(detail['@type']).endsWith('google.rpc.RetryInfo'));
  const delay = info?.['retryDelay'];
  if (isObject(delay))
    return Number(wordOf(delay['seconds'], '0')) * 1000 + Math.ceil(Number(wordOf(delay['nanos'], '0')) / 1e6);
  const match = typeof delay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(delay) : null;
  return match ? Math.ceil(Math.round(Number(match[1]) * 1e6) / 1e3) : undefined;
}
