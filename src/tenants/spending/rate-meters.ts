import { Fault } from '../../domain/faults/fault.ts';
import type { RateRule, Spender } from './contract.ts';
import { RateWindow, rateWindowMs } from './rate-window.ts';
import { RuleIndex } from './rule-index.ts';
import type { SharedMeter, SharedRefusal } from './shared-rates.ts';
import { nameInScope, subjectOf } from './subject.ts';

/** The use of one subject's rate limits. */
export interface Meter {
  readonly entry: MeterEntry;
  running: number;
  readonly requests: RateWindow | undefined;
  readonly tokens: RateWindow | undefined;
}

interface MeterEntry {
  rule: RateRule;
  readonly meters: Map<string, Meter>;
}

/** The part of every limit that is this gateway's. */
export interface GatewayShare {
  /** Live gateways, at least one. */
  readonly count: number;
  /** Its place among them: the first ones have what an even division leaves. Undefined when it is not known yet. */
  readonly place?: number | undefined;
}

/** What an exchange has taken of its meters. */
export interface RateUse {
  readonly meters: readonly Meter[];
  readonly tokens: number;
  readonly takenAtMs: number;
}

/** What was admitted before this process started. */
interface EarlierUse {
  readonly spender: Spender;
  readonly tokens: number;
  readonly takenAtMs: number;
}

const concurrentWaitMs = 1_000;
/** Limits of the database arrive later: so many earlier requests are remembered for them. */
const maxEarlier = 200_000;
const maxMetersPerRule = 100_000;

/** Requests, tokens and concurrency of every scope, in memory: this gateway's share of each limit. */
export class RateMeters {
  #entries = new Map<string, MeterEntry>();
  #index = new RuleIndex<MeterEntry>([]);
  #share: GatewayShare = { count: 1, place: 0 };
  #earlier: EarlierUse[] = [];

  /** Replaces the limits; what is running goes on being counted. */
  setRules(rules: readonly RateRule[], nowMs: number): void {
    const entries = new Map<string, MeterEntry>();
    const made = new Set<MeterEntry>();
    for (const rule of rules) {
      const id = `${rule.scope}\n${rule.customer ?? ''}\n${rule.name}`;
      const known = this.#entries.get(id);
      const isKept = known !== undefined && isSameKind(known.rule, rule);
      const entry = isKept ? this.#relimit(known, rule) : { rule, meters: new Map<string, Meter>() };
      if (!isKept) made.add(entry);
      entries.set(id, entry);
    }
    this.#entries = entries;
    this.#index = new RuleIndex(entries.values());
    this.#earlier = this.#earlier.filter(({ takenAtMs }) => nowMs - takenAtMs < rateWindowMs);
    for (const use of this.#earlier) this.#count(use, (entry) => made.has(entry));
  }

  /**
   * Each live gateway gets an equal share of every limit. What a share gains counts as used for a minute: a gateway that
   * is gone may have used it.
   */
  setShare(share: GatewayShare, nowMs: number): void {
    if (share.count === this.#share.count && share.place === this.#share.place) return;
    this.#share = share;
    for (const entry of this.#entries.values()) {
      const { requestsPerMinute, tokensPerMinute } = entry.rule;
      for (const { requests, tokens } of entry.meters.values()) {
        this.#grow(requests, requestsPerMinute, nowMs);
        this.#grow(tokens, tokensPerMinute, nowMs);
      }
    }
  }

  /** Counts what was admitted before this process started, also under limits that are not known yet. */
  restore(use: EarlierUse): void {
    if (this.#earlier.length < maxEarlier) this.#earlier.push(use);
    this.#count(use, () => true);
  }

  get isEmpty(): boolean {
    return this.#index.isEmpty;
  }

  isTokenLimited(spender: Spender): boolean {
    let isLimited = false;
    this.#index.forEach(spender, ({ rule }) => {
      isLimited ||= rule.tokensPerMinute !== undefined;
    });
    return isLimited;
  }

  /** The meters that apply to a spender; takes and checks nothing. */
  metersOf(spender: Spender): Meter[] {
    const meters: Meter[] = [];
    this.#index.forEach(spender, (entry) => meters.push(this.#meterOf(entry, spender)));
    return meters;
  }

  /** The meters that apply to a spender, or the first one that is at its limit as a fault. Takes nothing. */
  check(spender: Spender, tokensEstimate: number, nowMs: number): Meter[] | Fault {
    const meters: Meter[] = [];
    let fault: Fault | undefined;
    this.#index.forEach(spender, (entry) => {
      if (fault !== undefined) return;
      const meter = this.#meterOf(entry, spender);
      fault = this.#refusal(meter, spender, { tokensEstimate, nowMs });
      meters.push(meter);
    });
    return fault ?? meters;
  }

  /** Takes a place in each meter. */
  take({ meters, tokens, takenAtMs }: RateUse): void {
    for (const meter of meters) {
      meter.running++;
      meter.requests?.take(1, takenAtMs);
      meter.tokens?.take(tokens, takenAtMs);
    }
  }

  /** Notes what was admitted by limits that all gateways share: it may be more than this gateway's share. */
  follow({ meters, tokens, takenAtMs }: RateUse): void {
    for (const meter of meters) {
      meter.running++;
      meter.requests?.takeUpTo(1, takenAtMs);
      meter.tokens?.takeUpTo(tokens, takenAtMs);
    }
  }

  /** Frees the places and corrects the estimate to what was used: less counts less from the start, more counts now. */
  giveBack({ meters, tokens, takenAtMs }: RateUse, usedTokens: number, nowMs: number): void {
    for (const meter of meters) {
      meter.running--;
      if (usedTokens < tokens) meter.tokens?.giveBack(tokens - usedTokens, takenAtMs);
      else if (usedTokens > tokens) meter.tokens?.take(usedTokens - tokens, nowMs);
    }
  }

  #refusal(
    { entry, running, requests, tokens }: Meter,
    spender: Spender,
    { tokensEstimate, nowMs }: { readonly tokensEstimate: number; readonly nowMs: number },
  ): Fault | undefined {
    const { rule } = entry;
    if (rule.concurrent !== undefined && running >= this.#shareOf(rule.concurrent)) {
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

  #meterOf(entry: MeterEntry, spender: Spender): Meter {
    const { rule, meters } = entry;
    const subject = subjectOf(rule.scope, rule.name === '*', spender);
    const known = meters.get(subject);
    if (known !== undefined) return known;
    if (meters.size >= maxMetersPerRule) dropOldestIdle(meters);
    const { requestsPerMinute, tokensPerMinute } = rule;
    const meter: Meter = {
      entry,
      running: 0,
      requests: requestsPerMinute === undefined ? undefined : new RateWindow(this.#shareOf(requestsPerMinute)),
      tokens: tokensPerMinute === undefined ? undefined : new RateWindow(this.#shareOf(tokensPerMinute)),
    };
    meters.set(subject, meter);
    return meter;
  }

  #relimit(entry: MeterEntry, rule: RateRule): MeterEntry {
    entry.rule = rule;
    for (const { requests, tokens } of entry.meters.values()) {
      if (rule.requestsPerMinute !== undefined) requests?.setLimit(this.#shareOf(rule.requestsPerMinute));
      if (rule.tokensPerMinute !== undefined) tokens?.setLimit(this.#shareOf(rule.tokensPerMinute));
    }
    return entry;
  }

  #grow(window: RateWindow | undefined, limit: number | undefined, nowMs: number): void {
    if (window === undefined || limit === undefined) return;
    const before = window.limit;
    window.setLimit(this.#shareOf(limit));
    if (window.limit > before) window.take(window.limit - before, nowMs);
  }

  #count({ spender, tokens, takenAtMs }: EarlierUse, isMeant: (entry: MeterEntry) => boolean): void {
    this.#index.forEach(spender, (entry) => {
      if (!isMeant(entry)) return;
      const meter = this.#meterOf(entry, spender);
      meter.requests?.take(1, takenAtMs);
      meter.tokens?.take(tokens, takenAtMs);
    });
  }

  /** Whole requests and tokens; of a limit smaller than the number of gateways each has one. */
  #shareOf(limit: number): number {
    const { count, place } = this.#share;
    const rest = place !== undefined && place < limit % count ? 1 : 0;
    return Math.max(1, Math.floor(limit / count) + rest);
  }
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
