import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { SharedAnswer, SharedMeter, SharedRates, SharedUse } from './shared-rates.ts';

/** The part of a Redis or Valkey client that is used. */
export interface RedisClient {
  /** `ready`: commands are answered. */
  readonly status: string;
  eval(script: string, keyCount: number, ...parameters: (string | number)[]): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  disconnect(): void;
}

/** How shared limits are kept. */
export interface RedisRatesSettings {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest wait for an answer. */
  readonly answerMs?: number;
}

const defaultAnswerMs = 150;
/** After a failure the store is left alone for so long: no request waits for it meanwhile. */
const pauseMs = 1_000;
/** A place of an exchange whose gateway was killed is free again after this time. */
const placeMs = 30_000;
const renewEveryMs = 10_000;
const renewedAtOnce = 1_000;

/** Amounts are told apart by the second in which they were taken, by the clock of the store. */
const clockLines = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local second = tonumber(time[1])
`;

/**
 * Takes a place in every limit, or in none. What was taken in the last minute is kept by its second; places are members
 * of a sorted set by the time at which they lapse.
 */
const takeScript = `${clockLines}
local member, tokens, place = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local function usedOf(key)
  local used, counted, all = 0, {}, redis.call('HGETALL', key)
  for at = 1, #all, 2 do
    local taken = { tonumber(all[at]), tonumber(all[at + 1]) }
    if taken[1] < second - 60 then redis.call('HDEL', key, all[at])
    else used = used + taken[2]; counted[#counted + 1] = taken end
  end
  return used, counted
end
local function waitMs(counted, missing)
  table.sort(counted, function(one, other) return one[1] < other[1] end)
  for _, taken in ipairs(counted) do
    missing = missing - taken[2]
    if missing <= 0 then return (taken[1] + 61) * 1000 - now end
  end
  return 60000
end
local wanted = {}
for meter = 1, #KEYS / 3 do
  local base, limits = (meter - 1) * 3, 3 + (meter - 1) * 3
  for kind, amount in ipairs({ 1, tokens }) do
    local perMinute = tonumber(ARGV[limits + kind])
    if perMinute >= 0 then
      local key = KEYS[base + kind]
      local used, counted = usedOf(key)
      local missing = used + math.min(amount, perMinute) - perMinute
      if missing > 0 then return { meter, kind, waitMs(counted, missing) } end
      wanted[#wanted + 1] = { key, amount }
    end
  end
  local concurrent = tonumber(ARGV[limits + 3])
  if concurrent >= 0 then
    local key = KEYS[base + 3]
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= concurrent and not redis.call('ZSCORE', key, member) then
      return { meter, 3, 1000 }
    end
  end
end
for _, one in ipairs(wanted) do
  redis.call('HINCRBYFLOAT', one[1], second, one[2])
  redis.call('PEXPIRE', one[1], 120000)
end
for meter = 1, #KEYS / 3 do
  if tonumber(ARGV[3 + meter * 3]) >= 0 then
    redis.call('ZADD', KEYS[meter * 3], now + place, member)
    redis.call('PEXPIRE', KEYS[meter * 3], place * 2)
  end
end
return { 0, second }
`;

/** Less than was taken counts less from the second in which it was taken, more counts now. */
const giveBackScript = `${clockLines}
local member, takenAt, unused = ARGV[1], ARGV[2], { tonumber(ARGV[3]), tonumber(ARGV[4]) }
for meter = 1, #KEYS / 3 do
  for kind, amount in ipairs(unused) do
    local key = KEYS[(meter - 1) * 3 + kind]
    local taken = amount > 0 and tonumber(redis.call('HGET', key, takenAt) or '0') or 0
    if taken > 0 then redis.call('HINCRBYFLOAT', key, takenAt, -math.min(taken, amount)) end
    if amount < 0 and redis.call('EXISTS', key) == 1 then redis.call('HINCRBYFLOAT', key, second, -amount) end
  end
  redis.call('ZREM', KEYS[meter * 3], member)
end
return 0
`;

const renewScript = `${clockLines}
local place = tonumber(ARGV[1])
for index = 1, #KEYS do
  redis.call('ZADD', KEYS[index], now + place, ARGV[index + 1])
  redis.call('PEXPIRE', KEYS[index], place * 2)
end
return 0
`;

/** What an exchange has taken: in which second of the store, and the places that it keeps. */
interface Taken {
  readonly second: number;
  readonly places: readonly string[];
}

const limitNames = ['requests', 'tokens', 'concurrent'] as const;

/** Rate limits in Redis or Valkey. What cannot be reached in time is told as away and then left alone for a moment. */
export class RedisRates implements SharedRates {
  readonly #client: RedisClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #answerMs: number;
  readonly #renewal: NodeJS.Timeout;
  /** What running exchanges of this gateway hold. */
  readonly #taken = new Map<string, Taken>();
  #pausedUntilMs = 0;
  #isAway = false;

  constructor({ client, clock, logger, answerMs = defaultAnswerMs }: RedisRatesSettings) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#answerMs = answerMs;
    // Without a listener a lost connection would end the process.
    client.on('error', () => undefined);
    this.#renewal = setInterval(() => void this.renew(), renewEveryMs);
    this.#renewal.unref();
  }

  async take(use: SharedUse): Promise<SharedAnswer> {
    if (this.#client.status !== 'ready' || this.#clock.monotonicMs() < this.#pausedUntilMs) return this.#away();
    const { exchangeId, meters, tokens } = use;
    const limits = meters.flatMap((one) => [one.requestsPerMinute, one.tokensPerMinute, one.concurrent]);
    const figures = limits.map((limit) => limit ?? -1);
    const asked = this.#send(takeScript, keysOf(meters), [exchangeId, tokens, placeMs, ...figures]);
    const answer = await this.#inTime(asked);
    if (!Array.isArray(answer)) {
      // It may be taken all the same. Only what surely was is given back: else others would get more than the limit.
      void asked.then((late) => {
        if (Array.isArray(late) && Number(late[0]) === 0) this.#return(use, Number(late[1]), { requests: 1, tokens });
      });
      return this.#away();
    }
    this.#found();
    const [meter = 0, detail = 0, waitMs = 0] = answer.map(Number);
    if (meter > 0) {
      return { kind: 'refused', meter: meter - 1, limit: limitNames[detail - 1] ?? 'requests', waitMs };
    }
    const places = meters.flatMap((one) => (one.concurrent === undefined ? [] : [keyOf(one, 'c')]));
    this.#taken.set(exchangeId, { second: detail, places });
    return { kind: 'taken' };
  }

  giveBack(
    use: SharedUse,
    { usedTokens, isUndone }: { readonly usedTokens: number; readonly isUndone: boolean },
  ): void {
    const taken = this.#taken.get(use.exchangeId);
    this.#taken.delete(use.exchangeId);
    const unused = { requests: isUndone ? 1 : 0, tokens: isUndone ? use.tokens : use.tokens - usedTokens };
    this.#return(use, taken?.second ?? 0, unused);
  }

  /** Nobody waits: what is lost with the connection lapses by itself. */
  #return({ exchangeId, meters }: SharedUse, second: number, unused: { requests: number; tokens: number }): void {
    if (this.#client.status !== 'ready') return;
    const amounts = [unused.requests, unused.tokens];
    void this.#inTime(this.#send(giveBackScript, keysOf(meters), [exchangeId, second, ...amounts]));
  }

  /** Keeps the places of what still runs, also in a store that was restarted and has forgotten them. */
  async renew(): Promise<void> {
    if (this.#client.status !== 'ready') return;
    const held = [...this.#taken].flatMap(([exchangeId, { places }]) =>
      places.map((place) => [place, exchangeId] as const),
    );
    for (let start = 0; start < held.length; start += renewedAtOnce) {
      // While the parts before were answered, some have ended: renewed again, their places would come back.
      const part = held.slice(start, start + renewedAtOnce).filter(([, exchangeId]) => this.#taken.has(exchangeId));
      if (part.length === 0) continue;
      const renewed = this.#send(
        renewScript,
        part.map(([key]) => key),
        [placeMs, ...part.map(([, exchangeId]) => exchangeId)],
      );
      await this.#inTime(renewed);
    }
  }

  close(): Promise<void> {
    clearInterval(this.#renewal);
    this.#client.disconnect();
    return Promise.resolve();
  }

  /** Undefined when the connection is lost. */
  #send(script: string, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    return this.#client.eval(script, keys.length, ...keys, ...parameters).catch(() => undefined);
  }

  /** Undefined when there is no answer in time. */
  async #inTime(asked: Promise<unknown>): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#answerMs);
    });
    const answer = await Promise.race([asked, late]);
    clearTimeout(timer);
    if (answer === undefined) this.#pausedUntilMs = this.#clock.monotonicMs() + pauseMs;
    return answer;
  }

  #away(): SharedAnswer {
    if (!this.#isAway) this.#logger.warn({}, 'Redis is away: each gateway keeps to its share of the rate limits');
    this.#isAway = true;
    return { kind: 'away' };
  }

  #found(): void {
    if (this.#isAway) this.#logger.info({}, 'Redis is back: rate limits are counted together again');
    this.#isAway = false;
  }
}

/** Connects in the background; the package is optional. */
export async function openRedisRates(url: string, deps: Omit<RedisRatesSettings, 'client'>): Promise<RedisRates> {
  const { Redis } = await import('ioredis').catch((error: unknown) => {
    throw new Error('The package ioredis is not installed; add it with: npm install ioredis', { cause: error });
  });
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (attempts) => Math.min(2_000, attempts * 200),
  });
  return new RedisRates({ client, ...deps });
}

/** All in one slot of a cluster: a script may touch no others. */
function keyOf({ id }: SharedMeter, kind: 'r' | 't' | 'c'): string {
  return `{switchyard}:rate:${kind}:${id}`;
}

function keysOf(meters: readonly SharedMeter[]): string[] {
  return meters.flatMap((meter) => [keyOf(meter, 'r'), keyOf(meter, 't'), keyOf(meter, 'c')]);
}
