import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import type { Random } from '../../platform/random.ts';
import type { Signals } from '../../signals/index.ts';

/** How far dispatch may go to get an answer. */
export interface AttemptPolicy {
  readonly maxAttempts: number;
  /** Try other endpoints after a fault, before and after headers alike. */
  readonly fallback: boolean;
  /** A refusal of one endpoint is not the last word. */
  readonly refusalFallback: boolean;
  /** Longest wait for a cooling endpoint or a backoff; longer waits are told to the client instead. */
  readonly maxWaitMs: number;
  /** Faults of the client's kind that another candidate may still answer (`context_too_long`, refusals by policy). */
  readonly alsoFallbackOn: ReadonlySet<FaultCode>;
}

/** An attempt that failed. */
export interface Tried {
  readonly endpoint: Endpoint;
  readonly fault: Fault;
}

/** What to do next. */
export type NextAttempt =
  | {
      readonly kind: 'attempt';
      readonly endpoint: Endpoint;
      readonly waitMs: number;
      /** Every circuit is open: this one is asked all the same. */
      readonly isLastResort: boolean;
    }
  | { readonly kind: 'give-up'; readonly fault: Fault };

/** What the choice depends on. */
export interface NextAttemptInput {
  readonly candidates: readonly Endpoint[];
  readonly tried: readonly Tried[];
  readonly policy: AttemptPolicy;
  readonly signals: Signals;
  readonly nowMs: number;
  /** Time left before the deadline. */
  readonly remainingMs: number;
  readonly random: Random;
}

/** Faults after which the same endpoint may be asked again, and how often in one exchange. */
const sameEndpointRetries: { readonly [Code in FaultCode]?: number } = {
  upstream_unreachable: 1,
  upstream_error: 3,
  upstream_overloaded: 3,
  upstream_rate_limited: 3,
  empty_completion: 1,
  schema_unmet: 1,
};

/** Faults that waiting does not mend. */
const askedAgainAtOnce: ReadonlySet<FaultCode> = new Set(['upstream_unreachable', 'empty_completion', 'schema_unmet']);

const backoffBaseMs = 100;
const backoffMaxMs = 5000;

/** Chooses the next endpoint, the same one again after a wait, or gives up with the fault to tell. */
export function nextAttempt(input: NextAttemptInput): NextAttempt {
  const last = input.tried.at(-1);
  if (!last) return firstAttempt(input);
  const { policy, tried } = input;
  if (tried.length >= policy.maxAttempts || !mayTryOthers(last.fault, policy)) return giveUp(input, last.fault);
  // One repair, wherever it is tried.
  if (tried.filter(({ fault }) => fault.code === 'schema_unmet').length > 1) return giveUp(input, last.fault);
  if (policy.fallback || last.fault.code === 'answer_rejected') {
    const fresh = untried(input).find((endpoint) => isReady(input, endpoint) && isFit(endpoint, last));
    if (fresh) return { kind: 'attempt', endpoint: fresh, waitMs: 0, isLastResort: false };
  }
  return retrySame(input, last) ?? waitForCooling(input) ?? giveUp(input, last.fault);
}

function firstAttempt(input: NextAttemptInput): NextAttempt {
  const ready = input.candidates.find((endpoint) => isReady(input, endpoint));
  if (ready) return { kind: 'attempt', endpoint: ready, waitMs: 0, isLastResort: false };
  const leastBad = leastBadOpen(input);
  if (leastBad) return { kind: 'attempt', endpoint: leastBad, waitMs: 0, isLastResort: true };
  return waitForCooling(input) ?? giveUp(input, new Fault('upstream_rate_limited'));
}

/** Every breaker open: the one that opens first again gets one try, rather than an instant refusal. */
function leastBadOpen(input: NextAttemptInput): Endpoint | undefined {
  let best: Endpoint | undefined;
  let bestUntilMs = Number.POSITIVE_INFINITY;
  for (const endpoint of input.candidates) {
    const availability = input.signals.of(endpoint.id).availability();
    if (availability.state === 'open' && availability.untilMs < bestUntilMs) {
      best = endpoint;
      bestUntilMs = availability.untilMs;
    }
  }
  return best;
}

/** Of a model whose answer was turned down no other endpoint is asked: it would say the same. */
function untried(input: NextAttemptInput): readonly Endpoint[] {
  return input.candidates.filter(
    ({ id, modelName }) =>
      !input.tried.some(
        ({ endpoint, fault }) =>
          endpoint.id === id || (fault.code === 'answer_rejected' && endpoint.modelName === modelName),
      ),
  );
}

function isReady(input: NextAttemptInput, endpoint: Endpoint): boolean {
  return input.signals.of(endpoint.id).availability().state === 'ready';
}

function mayTryOthers(fault: Fault, policy: AttemptPolicy): boolean {
  if (fault.kind.blame === 'client') return policy.alsoFallbackOn.has(fault.code);
  return fault.kind.failover;
}

/** A prompt that was too long goes only to an endpoint known to take more. */
function isFit(endpoint: Endpoint, last: Tried): boolean {
  if (last.fault.code !== 'context_too_long') return true;
  return (endpoint.limits.contextTokens ?? 0) > (last.endpoint.limits.contextTokens ?? Number.POSITIVE_INFINITY);
}

function retrySame(input: NextAttemptInput, last: Tried): NextAttempt | undefined {
  const allowed = sameEndpointRetries[last.fault.code] ?? 0;
  const same = input.tried.filter(({ endpoint }) => endpoint.id === last.endpoint.id);
  if (same.filter(({ fault }) => fault.code === last.fault.code).length > allowed) return undefined;
  const signals = input.signals.of(last.endpoint.id);
  if (signals.availability().state === 'open') return undefined;
  const waitMs = waitBeforeRetry(input, last.fault, same.length);
  if (waitMs > Math.min(input.policy.maxWaitMs, input.remainingMs)) return undefined;
  // An empty answer is asked for once more whatever the budget: otherwise it could never be delivered.
  if (last.fault.code !== 'empty_completion' && !signals.takeRetry()) return undefined;
  return { kind: 'attempt', endpoint: last.endpoint, waitMs, isLastResort: false };
}

function waitBeforeRetry(input: NextAttemptInput, fault: Fault, failures: number): number {
  if (fault.retryAfterMs !== undefined) return fault.retryAfterMs;
  if (askedAgainAtOnce.has(fault.code)) return 0;
  return input.random.unit() * Math.min(backoffBaseMs * 2 ** failures, backoffMaxMs);
}

function waitForCooling(input: NextAttemptInput): NextAttempt | undefined {
  const pool = input.tried.length === 0 || input.policy.fallback ? untried(input) : [];
  let best: NextAttempt | undefined;
  let bestMs = Math.min(input.policy.maxWaitMs, input.remainingMs);
  for (const endpoint of pool) {
    const availability = input.signals.of(endpoint.id).availability();
    if (availability.state !== 'cooling') continue;
    const waitMs = availability.untilMs - input.nowMs;
    if (waitMs > bestMs) continue;
    bestMs = waitMs;
    best = { kind: 'attempt', endpoint, waitMs, isLastResort: false };
  }
  return best;
}

/** The fault to tell; a rate limit carries the smallest wait over all candidates. */
function giveUp(input: NextAttemptInput, fault: Fault): NextAttempt {
  if (fault.code !== 'upstream_rate_limited') return { kind: 'give-up', fault };
  let smallestMs = fault.retryAfterMs ?? Number.POSITIVE_INFINITY;
  for (const endpoint of input.candidates) {
    const availability = input.signals.of(endpoint.id).availability();
    if (availability.state === 'cooling') smallestMs = Math.min(smallestMs, availability.untilMs - input.nowMs);
  }
  const retryAfterMs = Number.isFinite(smallestMs) ? Math.max(smallestMs, 0) : 1000;
  return {
    kind: 'give-up',
    fault: new Fault('upstream_rate_limited', { message: fault.message, retryAfterMs, cause: fault }),
  };
}
