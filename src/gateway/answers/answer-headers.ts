import type { AnswerHeaders, DispatchResult } from '../../dispatch/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { Choice } from '../choice/choose.ts';
import type { Received } from '../received.ts';

const maxReasonsLength = 1024;

/** What the client is told about its answer and the routing of it. */
export interface AnswerFacts {
  readonly endpoint: Endpoint;
  readonly attempts: number;
  readonly dropped: readonly string[];
  readonly cache: 'hit' | 'miss' | 'bypass';
  readonly costNanos?: bigint | null;
  /** Whole answers; streams have headers of their own. */
  readonly contentType?: string;
  /** Our own estimate rather than a host's answer. */
  readonly estimated?: boolean | undefined;
}

/** Headers of every answer, before anything is known of the upstream. */
export function requestHeaders(requestId: string): Record<string, string> {
  return { 'x-switchyard-request-id': requestId, 'x-request-id': requestId, 'request-id': requestId };
}

/** Headers that go out with a keepalive, before anybody has answered. */
export function earlyHeaders(requestId: string, model: string): Record<string, string> {
  const headers = requestHeaders(requestId);
  headers['x-switchyard-model'] = headerText(model);
  return headers;
}

/** Headers of a routed answer; undefined ones are not sent. Written out, since every answer has them. */
export function answerHeaders(
  { requestId, controls }: Received,
  routed: { choice: Choice; decisionId: string },
  answer: AnswerFacts,
): AnswerHeaders {
  const { endpoint, dropped, costNanos } = answer;
  return {
    'content-type': answer.contentType === undefined ? undefined : headerText(answer.contentType),
    'x-switchyard-request-id': requestId,
    'x-request-id': requestId,
    'request-id': requestId,
    'x-switchyard-model': headerText(endpoint.modelName),
    'x-switchyard-host': endpoint.host.id,
    'x-switchyard-attempts': String(answer.attempts),
    'x-switchyard-cache': answer.cache,
    'x-switchyard-decision': routed.decisionId,
    'x-switchyard-dropped': dropped.length > 0 ? headerText(dropped.join(',')) : undefined,
    'x-switchyard-simulated': endpoint.host.id === 'sim' ? 'true' : undefined,
    'x-switchyard-cost-nanos': costNanos === undefined || costNanos === null ? undefined : costNanos.toString(),
    'x-switchyard-explanation': controls.explain ? explanation(routed.choice) : undefined,
    'x-switchyard-estimated': answer.estimated === true ? 'true' : undefined,
  };
}

function explanation({ decision }: Choice): string {
  return headerText(decision.reasons.join('; ')).slice(0, maxReasonsLength);
}

/** Headers of a fault told by HTTP status. */
export function faultHeaders(requestId: string, fault: NonNullable<DispatchResult['fault']>): Record<string, string> {
  const headers = requestHeaders(requestId);
  headers['content-type'] = 'application/json';
  // Dialects have words of their own for some faults; this one never changes.
  headers['x-switchyard-fault'] = fault.code;
  if (fault.allow !== undefined) headers['allow'] = fault.allow;
  if (fault.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000)));
    headers['retry-after-ms'] = String(Math.ceil(fault.retryAfterMs));
  } else if (fault.kind.httpStatus === 429 || fault.kind.httpStatus === 503) headers['retry-after'] = '1';
  // Both vendors' SDKs honour this before looking at the status.
  headers['x-should-retry'] = fault.kind.retryable ? 'true' : 'false';
  return headers;
}

/** Header values are visible ASCII: anything else, such as model names of clients' making, is percent-encoded. */
export function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(/[^\x20-\x7e]+/g, percentEncoded);
}

/** By bytes: half a surrogate pair, which JSON can carry, has no encoding of its own. */
function percentEncoded(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&').toUpperCase();
}
