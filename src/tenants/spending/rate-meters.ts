import { Fault } from '../../domain/faults/fault.ts';
import { RateBucket } from '../rate-bucket.ts';
import type { RateRule, Spender } from './contract.ts';
import { RuleIndex } from './rule-index.ts';
import type { SharedMeter, SharedRefusal } from './shared-rates.ts';
import { nameInScope, subjectOf } from './subject.ts';

/** The use of one subject's rate limits. */
export interface Meter {
  readonly entry: MeterEntry;
  running: number;
  readonly requests: RateBucket | undefined;
  readonly tokens: RateBucket | undefined;
}

interface MeterEntry {
  rule: RateRule;
  readonly meters: Map<string, Meter>;
}

const concurrentWaitMs = 1_000;
const maxMetersPerRule = 100_000;

/** Requests, tokens and concurrency of every scope, in memory: this gateway's share of each limit. */
export class RateMeters {
  #entries = new Map<string, MeterEntry>();
  #index = new RuleIndex<MeterEntry>([]);
  #replicas = 1;

  /** Replaces the limits; what is running goes on being counted. */
  setRules(rules: readonly RateRule[], nowMs: number): void {
    const entries = new Map<string, MeterEntry>();
    for (const rule of rules) {
      const id = `${rule.scope}\n${rule.customer ?? ''}\n${rule.name}`;
      const known = this.#entries.get(id);
      entries.set(
        id,
        known !== undefined && isSameKind(known.rule, rule) ? this.#relimit(known, rule, nowMs) : fresh(rule),
      );
    }
    this.#entries = entries;
    this.#index = new RuleIndex(entries.values());
  }

  /** Each live gateway gets an equal share of every limit. */
  setReplicas(count: number, nowMs: number): void {
    if (count === this.#replicas) return;
    this.#replicas = count;
    for (const entry of this.#entries.values()) this.#relimit(entry, entry.rule, nowMs);
  }

  get isEmpty(): boolean {
    return this.#index.isEmpty;
  }

  /** The meters that apply to a spender; takes and checks nothing. */
  metersOf(spender: Spender, nowMs: number): Meter[] {
    const meters: Meter[] = [];
    this.#index.forEach(spender, (entry) => meters.push(this.#meterOf(entry, spender, nowMs)));
    return meters;
  }

  /** The meters that apply to a spender, or the first one that is at its limit as a fault. Takes nothing. */
  check(spender: Spender, tokensEstimate: number, nowMs: number): Meter[] | Fault {
    const meters: Meter[] = [];
    let fault: Fault | undefined;
    this.#index.forEach(spender, (entry) => {
      if (fault !== undefined) return;
      const meter = this.#meterOf(entry, spender, nowMs);
      fault = this.#refusal(meter, spender, { tokensEstimate, nowMs });
      meters.push(meter);
    });
    return fault ?? meters;
  }

  /** Takes a place in each meter. */
  take(meters: readonly Meter[], tokensEstimate: number): void {
    for (const meter of meters) {
      meter.running++;
      meter.requests?.take(1);
      meter.tokens?.take(tokensEstimate);
    }
  }

  /** Notes what was admitted by limits that all gateways share: it may be more than this gateway's share. */
  follow(meters: readonly Meter[], tokensEstimate: number): void {
    for (const meter of meters) {
      meter.running++;
      meter.requests?.takeUpTo(1);
      meter.tokens?.takeUpTo(tokensEstimate);
    }
  }

  /** Frees the places and corrects the estimate to what was used. */
  giveBack(meters: readonly Meter[], tokensEstimate: number, usedTokens: number): void {
    for (const meter of meters) {
      meter.running--;
      meter.tokens?.take(usedTokens - tokensEstimate);
    }
  }

  #refusal(
    { entry, running, requests, tokens }: Meter,
    spender: Spender,
    { tokensEstimate, nowMs }: { readonly tokensEstimate: number; readonly nowMs: number },
  ): Fault | undefined {
    const { rule } = entry;
    const concurrent =
      rule.concurrent === undefined ? undefined : Math.max(1, Math.floor(rule.concurrent / this.#replicas));
    if (concurrent !== undefined && running >= concurrent) {
      return refuse(rule, spender, { limit: `${rule.concurrent} concurrent requests`, retryAfterMs: concurrentWaitMs });
    }
    const requestWaitMs = requests?.waitMs(1, nowMs) ?? 0;
    if (requestWaitMs > 0) {
      return refuse(rule, spender, {
        limit: `${rule.requestsPerMinute} requests per minute`,
        retryAfterMs: requestWaitMs,
      });
    }
    const tokenWaitMs = tokens?.waitMs(tokensEstimate, nowMs) ?? 0;
    if (tokenWaitMs === 0) return undefined;
    return refuse(rule, spender, { limit: `${rule.tokensPerMinute} tokens per minute`, retryAfterMs: tokenWaitMs });
  }

  #meterOf(entry: MeterEntry, spender: Spender, nowMs: number): Meter {
    const { rule, meters } = entry;
    const subject = subjectOf(rule.scope, rule.name === '*', spender);
    const known = meters.get(subject);
    if (known !== undefined) return known;
    if (meters.size >= maxMetersPerRule) dropOldestIdle(meters);
    const { requestsPerMinute, tokensPerMinute } = rule;
    const meter: Meter = {
      entry,
      running: 0,
      requests: requestsPerMinute === undefined ? undefined : new RateBucket(this.#share(requestsPerMinute), nowMs),
      tokens: tokensPerMinute === undefined ? undefined : new RateBucket(this.#share(tokensPerMinute), nowMs),
    };
    meters.set(subject, meter);
    return meter;
  }

  #relimit(entry: MeterEntry, rule: RateRule, nowMs: number): MeterEntry {
    entry.rule = rule;
    for (const { requests, tokens } of entry.meters.values()) {
      if (rule.requestsPerMinute !== undefined) requests?.rescale(this.#share(rule.requestsPerMinute), nowMs);
      if (rule.tokensPerMinute !== undefined) tokens?.rescale(this.#share(rule.tokensPerMinute), nowMs);
    }
    return entry;
  }

  #share(perMinute: number): number {
    return perMinute / this.#replicas;
  }
}

function fresh(rule: RateRule): MeterEntry {
  return { rule, meters: new Map() };
}

/** Meters are made for the figures that a rule has. */
function isSameKind(before: RateRule, after: RateRule): boolean {
  return (
    (before.requestsPerMinute === undefined) === (after.requestsPerMinute === undefined) &&
    (before.tokensPerMinute === undefined) === (after.tokensPerMinute === undefined)
  );
}

/** Maps keep the order of insertion: the first idle meter has been there longest. */
function dropOldestIdle(meters: Map<string, Meter>): void {
  for (const [subject, meter] of meters) {
    if (meter.running > 0) continue;
    meters.delete(subject);
    return;
  }
}

/** The refusal of a limit that all gateways count together. */
export function refuseShared(meter: Meter, spender: Spender, refusal: SharedRefusal): Fault {
  const { rule } = meter.entry;
  const limits = {
    requests: `${rule.requestsPerMinute} requests per minute`,
    tokens: `${rule.tokensPerMinute} tokens per minute`,
    concurrent: `${rule.concurrent} concurrent requests`,
  };
  return refuse(rule, spender, { limit: limits[refusal.limit], retryAfterMs: refusal.waitMs });
}

/** Meters as the shared store names and limits them. */
export function sharedMetersOf(meters: readonly Meter[], spender: Spender): SharedMeter[] {
  return meters.map(({ entry: { rule } }) => {
    const { scope, customer = '', name, requestsPerMinute, tokensPerMinute, concurrent } = rule;
    const subject = subjectOf(scope, name === '*', spender);
    return { id: JSON.stringify([scope, customer, name, subject]), requestsPerMinute, tokensPerMinute, concurrent };
  });
}

function refuse(
  rule: RateRule,
  spender: Spender,
  { limit, retryAfterMs }: { readonly limit: string; readonly retryAfterMs: number },
): Fault {
  const who = describeScope(rule.scope, nameInScope(rule.scope, spender));
  const message = `The ${who} is at its limit of ${limit}. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return new Fault('rate_limited', { message, retryAfterMs });
}

const scopeWords = {
  token: 'token',
  key: 'key',
  endUser: 'end user',
  job: 'job',
  project: 'project',
  customer: 'customer',
  wallet: 'wallet of customer',
  organisation: 'organisation',
} as const;

/** A scope and its name as messages to clients put it. */
export function describeScope(scope: keyof typeof scopeWords, name: string | undefined): string {
  return scope === 'organisation' || name === undefined ? scopeWords[scope] : `${scopeWords[scope]} "${name}"`;
}
