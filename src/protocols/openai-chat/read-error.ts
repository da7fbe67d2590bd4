import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { codeOfStatus } from '../shared/code-of-status.ts';
import { listOf, numberOf, objectOf, objectsOf, textOf } from './values.ts';

interface UpstreamError {
  /** Code, type and status words of the error, in lower case. */
  readonly words: readonly string[];
  readonly message: string;
  readonly status: number | undefined;
  readonly param: string | undefined;
  readonly body: JsonObject | undefined;
}

type Rule = readonly [FaultCode, RegExp];

/** Rules on code and type words; the first match wins, so that a specific word beats a general one. */
const wordRules: readonly Rule[] = [
  [
    'upstream_quota',
    /insufficient_(quota|balance|credits?|funds)|exceeded_current_quota|billing|arrearage|payment_required/,
  ],
  ['context_too_long', /context_length|context_size|context_window|prompt_too_long|max_context/],
  ['upstream_rate_limited', /rate_?limit|too_many_requests|throttl|resource_exhausted|^(requests|tokens)$/],
  ['upstream_overloaded', /overload|unavailable|capacity|insufficient_system_resource|engine_busy/],
  ['upstream_timeout', /time_?d?_?out|deadline_exceeded/],
  [
    'upstream_auth',
    /invalid_?_?(api_?key|authentication)|authentication|unauthori[sz]ed|unauthenticated|permission|forbidden|account_deactivated/,
  ],
  ['upstream_model_gone', /(model|deployment)_?(is_)?not_?(found|supported|exist)|decommissioned|deploymentnotfound/],
  ['upstream_rejected', /content_(filter|policy)|responsibleai|inspection_failed|moderation|^unsupported|^invalid/],
  ['upstream_error', /server_error|internal|api_error/],
];

const tooLong =
  /context (length|window|size)|maximum (context|prompt|input) |prompt is too long|too many (input )?tokens|reduce the length|(input|prompt|messages).{0,40}exceeds?.{0,40}(limit|maximum|length|tokens|context)/i;
const quota = /insufficient (balance|quota|credits?|funds)|out of credits|billing (details|limit)|per ?day/i;
const modelGone = /model .{0,120}(does not exist|not found|no longer|decommissioned|deprecated)/i;

/**
 * Classifies an error of this dialect, from an HTTP error body or an event inside a stream: whose fault it is and what
 * helps. `status` is absent inside streams. Credentials that hosts echo are removed.
 */
export function readError(body: unknown, status?: number): Fault {
  const error = readBody(body, status);
  const code = classify(error);
  const rejected = code === 'upstream_rejected' || code === 'context_too_long' || code === 'too_large';
  return new Fault(code, {
    ...(rejected && error.message !== '' && { message: error.message }),
    ...(rejected && error.param !== undefined && { param: error.param }),
    ...(rejected && error.body !== undefined && { upstreamBody: withoutSecrets(error.body) }),
    retryAfterMs: readRetryDelay(body, error.message),
    upstreamStatus: status ?? error.status,
    detail: [...error.words, error.message].join(' ').slice(0, 2000),
  });
}

/** Does an event or a body of a good status hold an error instead of an answer? */
export function holdsError(body: JsonObject): boolean {
  const { error } = body;
  if (error !== undefined && error !== null && error !== '' && error !== false) return true;
  return body['object'] === 'error' || body['type'] === 'error';
}

function readBody(body: unknown, status: number | undefined): UpstreamError {
  const whole = objectOf(body) ?? objectOf(listOf(body)[0]);
  const error = objectOf(whole?.['error']) ?? whole ?? {};
  const { code, type } = error;
  const number = numberOf(code) ?? numberOf(whole?.['status_code']) ?? numericText(code);
  const words = [code, type, error['status'], whole?.['error']].flatMap((word) => textOf(word)?.toLowerCase() ?? []);
  return {
    words,
    message: withoutKeys(readMessage(error, whole, body)),
    status: status !== undefined && status >= 400 ? status : number,
    param: textOf(error['param']),
    body: whole,
  };
}

function numericText(value: unknown): number | undefined {
  return typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : undefined;
}

function readMessage(error: JsonObject, whole: JsonObject | undefined, body: unknown): string {
  const metadata = objectOf(error['metadata']);
  const message =
    textOf(error['message']) ??
    textOf(objectOf(error['message'])?.['detail']) ??
    textOf(error['detail']) ??
    textOf(objectsOf(error['detail'])[0]?.['msg']) ??
    textOf(whole?.['error']) ??
    textOf(whole?.['message']) ??
    (typeof body === 'string' ? body : '');
  const raw = textOf(metadata?.['raw']);
  return (raw === undefined ? message : `${message}: ${raw}`).slice(0, 2000);
}

function classify(error: UpstreamError): FaultCode {
  const { status, message } = error;
  const byWord = wordRules.find(([, pattern]) => error.words.some((word) => pattern.test(word)))?.[0];
  if (byWord === 'upstream_rate_limited') return quota.test(message) ? 'upstream_quota' : byWord;
  // Many hosts say only "invalid request" or "server error" and tell the rest in the message.
  const general = byWord === undefined || byWord === 'upstream_rejected' || byWord === 'upstream_error';
  if (!general) return byWord;
  const client = byWord === 'upstream_rejected' || status === undefined || (status >= 400 && status < 500);
  if (client && status !== 429 && tooLong.test(message)) return 'context_too_long';
  if (byWord === 'upstream_rejected' && (status === undefined || status === 400 || status === 422)) {
    return modelGone.test(message) ? 'upstream_model_gone' : byWord;
  }
  if (byWord === 'upstream_error' && (status === undefined || status === 500)) return byWord;
  return byStatus(error) ?? byWord ?? 'upstream_error';
}

function byStatus({ status, message }: UpstreamError): FaultCode | undefined {
  const code = status === undefined ? undefined : codeOfStatus(status);
  if (code === 'upstream_rate_limited' && quota.test(message)) return 'upstream_quota';
  return code === 'upstream_rejected' && modelGone.test(message) ? 'upstream_model_gone' : code;
}

/** Waits that stand in the body: a `RetryInfo` detail, or the message's own words. */
function readRetryDelay(body: unknown, message: string): number | undefined {
  const whole = objectOf(body) ?? objectOf(listOf(body)[0]);
  for (const detail of objectsOf(objectOf(whole?.['error'])?.['details'])) {
    const seconds = /^([\d.]+)s$/.exec(textOf(detail['retryDelay']) ?? '')?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  const wait = /(?:try again|retry) in (?:(\d+)m(?!s))?\s*(?:([\d.]+)\s*(ms|s))?/i.exec(message);
  if (!wait || (wait[1] === undefined && wait[2] === undefined)) return undefined;
  const rest = Number(wait[2] ?? 0) * (wait[3]?.toLowerCase() === 'ms' ? 1 : 1000);
  return Number.isFinite(rest) ? Math.ceil(Number(wait[1] ?? 0) * 60_000 + rest) : undefined;
}

/** Hosts like to quote the key they refused. */
function withoutKeys(text: string): string {
  return text
    .replace(/\b[a-z]{2,6}[-_][\w*-]{8,}\b/gi, (found) => (looksLikeKey(found) ? '[redacted]' : found))
    .replace(/\bbearer\s+\S+/gi, '[redacted]');
}

/** Words joined by dashes are model names; long runs with digits, capitals or stars are keys. */
function looksLikeKey(text: string): boolean {
  if (/\*{2,}/.test(text)) return true;
  return /^(sk|pk|rk|key|gsk|csk|nvapi|api|hf|pplx|fw|sess)[-_]/i.test(text) && /\w{16,}/.test(text);
}

function withoutSecrets(body: JsonObject): unknown {
  return JSON.parse(JSON.stringify(body), (_key, value: unknown) =>
    typeof value === 'string' ? withoutKeys(value) : value,
  );
}
