import { Fault } from '../domain/fault.ts';
import type { Clock } from '../platform/clock.ts';
import type { Key } from './key.ts';
import { RateBucket } from './rate-bucket.ts';

/** A place taken in a key's limits; given back once. */
export interface Admission {
  /** Corrects the token estimate to what was used and frees the concurrency slot. */
  release(usedTokens: number): void;
}

interface Meter {
  running: number;
  requests: RateBucket;
  tokens: RateBucket;
}

const maxMeters = 100_000;

/** Enforces requests per minute, tokens per minute and concurrency per key, before any work is done. */
export class Limiter {
  readonly #clock: Clock;
  readonly #meters = new Map<string, Meter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a place or refuses with the limit's name and the wait. */
  admit(key: Key, estimatedTokens: number): Admission | Fault {
    const { requestsPerMinute, tokensPerMinute, concurrent } = key.limits;
    if (requestsPerMinute === undefined && tokensPerMinute === undefined && concurrent === undefined) return unlimited;
    const nowMs = this.#clock.monotonicMs();
    const meter = this.#meterOf(key, nowMs);
    if (concurrent !== undefined && meter.running >= concurrent) {
      return refuse(key, `${concurrent} concurrent requests`, 1000);
    }
    const requestWaitMs = requestsPerMinute === undefined ? 0 : meter.requests.waitMs(1, nowMs);
    if (requestWaitMs > 0) return refuse(key, `${requestsPerMinute} requests per minute`, requestWaitMs);
    const tokenWaitMs = tokensPerMinute === undefined ? 0 : meter.tokens.waitMs(estimatedTokens, nowMs);
    if (tokenWaitMs > 0) return refuse(key, `${tokensPerMinute} tokens per minute`, tokenWaitMs);
    meter.running++;
    meter.requests.take(1);
    meter.tokens.take(estimatedTokens);
    return this.#admission(meter, estimatedTokens);
  }

  #admission(meter: Meter, estimatedTokens: number): Admission {
    let isReleased = false;
    return {
      release(usedTokens) {
        if (isReleased) return;
        isReleased = true;
        meter.running--;
        meter.tokens.take(usedTokens - estimatedTokens);
      },
    };
  }

  #meterOf(key: Key, nowMs: number): Meter {
    const { requestsPerMinute = Number.MAX_SAFE_INTEGER, tokensPerMinute = Number.MAX_SAFE_INTEGER } = key.limits;
    const known = this.#meters.get(key.name);
    const isCurrent = known?.requests.perMinute === requestsPerMinute && known.tokens.perMinute === tokensPerMinute;
    if (known && isCurrent) return known;
    const requests = new RateBucket(requestsPerMinute, nowMs);
    const tokens = new RateBucket(tokensPerMinute, nowMs);
    // A reload changes the limits, not the requests that are running.
    if (known) return Object.assign(known, { requests, tokens });
    const meter = { running: 0, requests, tokens };
    if (this.#meters.size < maxMeters) this.#meters.set(key.name, meter);
    return meter;
  }
}

const unlimited: Admission = { release: () => undefined };

function refuse(key: Key, limit: string, retryAfterMs: number): Fault {
  const message = `The key "${key.name}" is at its limit of ${limit}. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return new Fault('rate_limited', { message, retryAfterMs });
}
