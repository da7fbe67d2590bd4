import { Fault } from '../../domain/faults/fault.ts';
import type { UpstreamFailure } from '../contract.ts';
import { readErrorOf } from './read-error-of.ts';
import { readRetryAfterMs } from './retry-after.ts';
import { scrubFault } from './scrub-secrets.ts';

/** What classification must know beside the failure itself. */
export interface FailureContext {
  readonly nowMs: number;
  readonly providerName: string;
  /** Whatever of these the upstream quotes is cut out. */
  readonly secrets: readonly string[];
}

type StatusFailure = Extract<UpstreamFailure, { kind: 'status' }>;
type NetworkFailure = Extract<UpstreamFailure, { kind: 'network' }>;

/** A network failure as a code and in words, by how far the call had come. */
const brokenAt = {
  connect: ['upstream_unreachable', 'could not be reached'],
  headers: ['upstream_unreachable', 'dropped the connection before answering'],
  body: ['truncated', 'dropped the connection in the middle of its answer'],
} as const;
const timedOut = ['upstream_timeout', 'did not answer in time'] as const;

/** Larger error bodies are pages, not errors: only their status counts. */
const maxErrorBytes = 64 * 1024;
const maxMessageLength = 2000;

/** Turns what the transport saw into a fault: whose it is, how long to wait, and nothing that must stay secret. */
export function classifyFailure(failure: UpstreamFailure, context: FailureContext): Fault {
  return failure.kind === 'network' ? networkFault(failure, context) : statusFault(failure, context);
}

function networkFault({ phase, cause }: NetworkFailure, { providerName, secrets }: FailureContext): Fault {
  if (Fault.is(cause)) return scrubFault(cause, secrets);
  const [code, happened] = isTimeout(cause) ? timedOut : brokenAt[phase];
  const detail = `${phase}: ${codeOf(cause) ?? (cause instanceof Error ? cause.message : 'unknown cause')}`;
  return scrubFault(new Fault(code, { message: `${providerName} ${happened}.`, detail, cause }), secrets);
}

/** Connecting counts as unreachable however it failed: nothing was sent, so the next try is safe. */
function isTimeout(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

function statusFault(failure: StatusFailure, { nowMs, providerName, secrets }: FailureContext): Fault {
  const { status, headers } = failure;
  if (status < 400) return redirectFault(status, providerName);
  const read = readErrorOf(status, headers, parseBody(failure.body));
  const retryAfterMs = readRetryAfterMs(headers, nowMs) ?? read.retryAfterMs;
  const clientCanAct = read.kind.blame === 'client';
  const said = clientCanAct && read.message !== read.kind.meaning ? read.message : undefined;
  return scrubFault(read, secrets, {
    message: said?.slice(0, maxMessageLength) ?? `${providerName}: ${read.kind.meaning}`,
    detail: (read.detail ?? `status ${status}`).slice(0, maxMessageLength),
    upstreamStatus: status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Followed, a redirect would carry the credentials to another origin. */
function redirectFault(status: number, providerName: string): Fault {
  const message =
    status >= 300
      ? `${providerName} redirected the call; check the base URL.`
      : `${providerName} answered in a way that is not its protocol.`;
  return new Fault('upstream_malformed', { message, upstreamStatus: status });
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0 || body.length > maxErrorBytes) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined; // HTML of a proxy, most likely: only the status counts
  }
}
