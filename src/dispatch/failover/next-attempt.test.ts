import { beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { createSignals, type Signals } from '../../signals/index.ts';
import { type NextAttempt, nextAttempt, type NextAttemptInput } from './next-attempt.ts';
import { ordinaryPolicy } from '../testing/ordinary-policy.ts';

let nowMs = 0;
let signals: Signals;

function endpointOf(id: string, contextTokens?: number): Endpoint {
  const host = {
    id,
    protocol: 'openai-chat' as const,
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' as const },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  };
  const limits = contextTokens === undefined ? {} : { contextTokens };
  return { id, modelName: 'm', host, upstreamModel: id, weight: 1, price: undefined, limits, capabilities: {} };
}

const a = endpointOf('a', 8_000);
const b = endpointOf('b', 128_000);

function next(tried: readonly [Endpoint, FaultCode, number?][], changes: Partial<NextAttemptInput> = {}): NextAttempt {
  return nextAttempt({
    candidates: [a, b],
    tried: tried.map(([endpoint, code, retryAfterMs]) => ({
      endpoint,
      fault: new Fault(code, retryAfterMs === undefined ? {} : { retryAfterMs }),
    })),
    policy: ordinaryPolicy,
    signals,
    nowMs,
    remainingMs: 60_000,
    random: createSeededRandom(1),
    ...changes,
  });
}

function cool(endpoint: Endpoint, retryAfterMs: number): void {
  signals.of(endpoint.id).end({ fault: 'upstream_rate_limited', retryAfterMs, totalMs: 1 });
}

function open(endpoint: Endpoint): void {
  signals.of(endpoint.id).end({ fault: 'upstream_auth', totalMs: 1 });
}

describe('the next attempt', () => {
  beforeEach(() => {
    nowMs = 1_000_000;
    signals = createSignals({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  });

  it('starts with the first ready candidate', () => {
    expect(next([])).toEqual({ kind: 'attempt', endpoint: a, waitMs: 0, isLastResort: false });
    open(a);
    expect(next([])).toEqual({ kind: 'attempt', endpoint: b, waitMs: 0, isLastResort: false });
  });

  it('goes to the next candidate after a fault of the upstream, at once', () => {
    for (const code of [
      'upstream_error',
      'upstream_timeout',
      'truncated',
      'upstream_auth',
      'upstream_quota',
    ] as const) {
      expect(next([[a, code]])).toEqual({ kind: 'attempt', endpoint: b, waitMs: 0, isLastResort: false });
    }
  });

  it('[scenario 38] never repeats what the client did wrong, but tries a larger context window', () => {
    expect(next([[a, 'upstream_rejected']]).kind).toBe('give-up');
    expect(next([[a, 'context_too_long']])).toMatchObject({ endpoint: b });
    expect(next([[b, 'context_too_long']]).kind).toBe('give-up');
  });

  it('[scenario 39] stays with the endpoint when the policy forbids fallback', () => {
    const policy = { ...ordinaryPolicy, fallback: false };
    expect(next([[a, 'upstream_timeout']], { policy }).kind).toBe('give-up');
    expect(next([[a, 'upstream_unreachable']], { policy })).toEqual({
      kind: 'attempt',
      endpoint: a,
      waitMs: 0,
      isLastResort: false,
    });
  });

  it('asks the same endpoint once more after a reset, with backoff after an error, never after a timeout', () => {
    const candidates = [a];
    expect(next([[a, 'upstream_unreachable']], { candidates })).toMatchObject({ endpoint: a, waitMs: 0 });
    const twice: [Endpoint, FaultCode][] = [
      [a, 'upstream_unreachable'],
      [a, 'upstream_unreachable'],
    ];
    expect(next(twice, { candidates }).kind).toBe('give-up');
    const backoff = next([[a, 'upstream_error']], { candidates });
    expect(backoff.kind === 'attempt' && backoff.waitMs > 0 && backoff.waitMs <= 200).toBe(true);
    expect(next([[a, 'upstream_timeout']], { candidates }).kind).toBe('give-up');
  });

  it('[scenario 34] tells the smallest wait when every candidate is rate limited', () => {
    cool(a, 30_000);
    cool(b, 12_000);
    const decided = next([]);
    expect(decided.kind === 'give-up' && decided.fault.retryAfterMs).toBe(12_000);
    expect(decided.kind === 'give-up' && decided.fault.code).toBe('upstream_rate_limited');
  });

  it('[scenario 34] tells a wait even when the upstream sent none', () => {
    const decided = next([[a, 'upstream_rate_limited']], {
      candidates: [a],
      policy: { ...ordinaryPolicy, maxAttempts: 1 },
    });
    expect(decided.kind === 'give-up' && decided.fault.retryAfterMs).toBe(1000);
  });

  it('[scenario 35] answers at once when the wait exceeds the deadline, and waits when it is short', () => {
    cool(a, 1_500);
    expect(next([], { candidates: [a] })).toEqual({ kind: 'attempt', endpoint: a, waitMs: 1_500, isLastResort: false });
    expect(next([], { candidates: [a], remainingMs: 1_000 }).kind).toBe('give-up');
  });

  it('[scenario 41] tries the least bad once when every breaker is open', () => {
    open(a);
    nowMs += 5_000;
    open(b);
    expect(next([])).toEqual({ kind: 'attempt', endpoint: a, waitMs: 0, isLastResort: true });
    expect(next([[a, 'upstream_error']]).kind).toBe('give-up');
  });

  it("stops after the policy's number of attempts", () => {
    const tried: [Endpoint, FaultCode][] = [
      [a, 'upstream_error'],
      [b, 'upstream_error'],
      [a, 'upstream_error'],
      [b, 'upstream_error'],
    ];
    expect(next(tried).kind).toBe('give-up');
  });
});
