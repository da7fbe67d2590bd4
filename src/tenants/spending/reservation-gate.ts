import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  Admittance,
  Hold,
  Spender,
  SpenderRequest,
  SpendingGate,
  SpendingNotice,
  SpendingRules,
} from './contract.ts';
import { Counter } from './counter.ts';
import { CounterBook } from './counter-book.ts';
import { ExchangeHold, type HoldKeeper } from './exchange-hold.ts';
import type { LeaseSource } from './lease-source.ts';
import { type GatewayShare, RateMeters, type RateUse, refuseShared, sharedMetersOf } from './rate-meters.ts';
import { rateWindowMs } from './rate-window.ts';
import { budgetExceeded, budgetUnavailable } from './refusal.ts';
import type { SharedRates, SharedUse } from './shared-rates.ts';
import { WaitingLines } from './waiting-lines.ts';

/** What a gate is made of. */
export interface ReservationGateSettings {
  readonly clock: Clock;
  /** Undefined: this process alone decides, and counts for itself. */
  readonly leases?: LeaseSource | undefined;
  /** Undefined: each gateway keeps to its share of every rate limit. */
  readonly sharedRates?: SharedRates | undefined;
  readonly maxCounters?: number;
  /** Longest wait for a refill. */
  readonly maxWaitMs?: number;
  readonly maxWaiting?: number;
  notice?(notice: SpendingNotice): void;
}

const defaults = { maxCounters: 500_000, maxWaitMs: 5_000, maxWaiting: 20_000 };
const counterIdleMs = 600_000;

/**
 * Reserves before the work and settles after it, over all scopes at once. Everything happens in memory within one turn
 * of the event loop; only a lease that is used up makes an exchange wait.
 */
export class ReservationGate implements SpendingGate, HoldKeeper {
  readonly #clock: Clock;
  readonly #leases: LeaseSource | undefined;
  readonly #notice: (notice: SpendingNotice) => void;
  readonly #book: CounterBook;
  readonly #meters = new RateMeters();
  readonly #sharedRates: SharedRates | undefined;
  readonly #holds = new Map<string, ExchangeHold>();
  readonly #lines: WaitingLines | undefined;

  constructor(settings: ReservationGateSettings) {
    this.#clock = settings.clock;
    this.#leases = settings.leases;
    this.#sharedRates = settings.sharedRates;
    this.#notice = settings.notice ?? (() => undefined);
    const { maxWaitMs, maxWaiting } = { ...defaults, ...settings };
    this.#lines = settings.leases && new WaitingLines(settings.leases, { maxWaitMs, maxWaiting });
    this.#book = new CounterBook({
      countsSoft: settings.leases === undefined,
      maxCounters: settings.maxCounters ?? defaults.maxCounters,
      limit: (counter) => this.#limit(counter),
      retire: (counter) => this.#leases?.giveBack(counter),
    });
  }

  /** Running exchanges that hold something. */
  get holdCount(): number {
    return this.#holds.size;
  }

  /** Counters of this gateway, for leases and pages. */
  get counters(): Iterable<Counter> & { readonly size: number } {
    return this.#book;
  }

  /** Replaces every limit; running exchanges keep what they hold. */
  setRules(rules: SpendingRules): void {
    this.#book.setRules(rules);
    this.#meters.setRules(rules.rates, this.#clock.monotonicMs());
  }

  /** Rate limits are shared out evenly among live gateways. */
  setShare(share: GatewayShare): void {
    this.#meters.setShare(share, this.#clock.monotonicMs());
  }

  /** Lets go of what is over; to be called now and then. */
  sweep(): void {
    this.#book.sweep(this.#clock.nowMs(), this.#clock.monotonicMs() - counterIdleMs);
  }

  admit(request: SpenderRequest): Admittance {
    if (this.#sharedRates && !this.#meters.isEmpty && !this.#holds.has(request.exchangeId)) {
      return this.#admitShared(request, this.#sharedRates);
    }
    return this.#admit(request);
  }

  #admit(request: SpenderRequest, shared?: SharedUse): Admittance {
    const answer = this.#attempt(request, shared);
    if (!(answer instanceof Counter)) return answer;
    if (this.#lines === undefined) return budgetExceeded(answer, request.amountNanos);
    return this.#admitLater(request, { short: answer, shared });
  }

  /** Rates first, where all gateways count together; what a budget refuses afterwards never asked for a place. */
  async #admitShared(request: SpenderRequest, rates: SharedRates): Promise<Hold | Fault> {
    const { exchangeId, spender, tokensEstimate } = request;
    const meters = this.#meters.metersOf(spender);
    if (meters.length === 0) return this.#admit(request);
    const use = { exchangeId, meters: sharedMetersOf(meters, spender), tokens: tokensEstimate };
    const answer = await rates.take(use);
    if (answer.kind === 'away') return this.#admit(request);
    if (answer.kind === 'refused') {
      const meter = meters[answer.meter];
      return meter ? refuseShared(meter, spender, answer) : budgetUnavailable('the shared limits gave no sense');
    }
    const admitted = await this.#admit(request, use);
    const isHeld = !Fault.is(admitted) && this.#holds.get(exchangeId)?.shared === use;
    if (!isHeld) rates.giveBack(use, { usedTokens: 0, isUndone: true });
    return admitted;
  }

  headroomNanos(spender: Spender, atMs: number): bigint | undefined {
    const counters = this.#book.countersOf(spender, atMs, this.#clock.monotonicMs()) ?? [];
    let smallest: bigint | undefined;
    for (const counter of counters) {
      if (!counter.rule.isHard) continue;
      const rest = this.#restOf(counter);
      if (smallest === undefined || rest < smallest) smallest = rest;
    }
    return smallest !== undefined && smallest < 0n ? 0n : smallest;
  }

  isHardLimited(spender: Spender): boolean {
    return this.#book.isHardLimited(spender);
  }

  isTokenLimited(spender: Spender): boolean {
    return this.#meters.isTokenLimited(spender);
  }

  /** Counts what was charged before this process started; for counting without a database. */
  restore(spender: Spender, chargeNanos: bigint, startedAtMs: number): void {
    for (const counter of this.#book.countersOf(spender, startedAtMs, this.#clock.monotonicMs()) ?? []) {
      if (startedAtMs >= (counter.rule.countedFromMs ?? 0)) counter.usedNanos += chargeNanos;
    }
  }

  /** Counts a request of before this process started towards the rate limits of its minute. */
  restoreRate(spender: Spender, tokens: number, startedAtMs: number): void {
    const ageMs = this.#clock.nowMs() - startedAtMs;
    if (ageMs < 0 || ageMs >= rateWindowMs) return;
    this.#meters.restore({ spender, tokens, takenAtMs: this.#clock.monotonicMs() - ageMs });
  }

  extend(counters: readonly Counter[], nanos: bigint): boolean {
    if (this.#shortOf(counters, nanos) !== undefined) return false;
    this.#reserve(counters, nanos);
    return true;
  }

  extendOrWait(counters: readonly Counter[], nanos: bigint): boolean | Promise<boolean> {
    const short = this.#shortOf(counters, nanos);
    if (short === undefined) return this.extend(counters, nanos);
    const lines = this.#lines;
    if (lines === undefined) return false;
    return new Promise((resolve) => {
      const attempt = (): Counter | undefined => {
        const stillShort = this.#shortOf(counters, nanos);
        if (stillShort === undefined) resolve(this.extend(counters, nanos));
        return stillShort;
      };
      lines.join(short, { amountNanos: nanos, counters: () => counters, attempt, refuse: () => resolve(false) });
    });
  }

  leaveRates({ rates, shared }: ExchangeHold): void {
    this.#meters.giveBack(rates, 0, this.#clock.monotonicMs());
    if (shared) this.#sharedRates?.giveBack(shared, { usedTokens: 0, isUndone: false });
  }

  end(hold: ExchangeHold, chargeNanos: bigint | undefined, usedTokens: number): void {
    this.#holds.delete(hold.exchangeId);
    const { amountNanos } = hold;
    for (const counter of hold.counters) {
      counter.heldNanos -= amountNanos;
      if (chargeNanos !== undefined) this.#post(counter, chargeNanos);
    }
    this.#meters.giveBack(hold.rates, usedTokens, this.#clock.monotonicMs());
    if (hold.shared) this.#sharedRates?.giveBack(hold.shared, { usedTokens, isUndone: false });
    if (chargeNanos === undefined || chargeNanos <= amountNanos || hold.counters.length === 0) return;
    this.#notice({ kind: 'over_hold', exchangeId: hold.exchangeId, amountNanos: chargeNanos - amountNanos });
  }

  #post(counter: Counter, chargeNanos: bigint): void {
    const beforeNanos = counter.usedNanos;
    counter.usedNanos = beforeNanos + chargeNanos;
    const { rule } = counter;
    if (rule.isHard || beforeNanos > rule.limitNanos || counter.usedNanos <= rule.limitNanos) return;
    this.#notice({
      kind: 'soft_limit',
      scope: rule.scope,
      subject: counter.subject,
      budgetId: rule.id,
      amountNanos: counter.usedNanos,
      limitNanos: rule.limitNanos,
    });
  }

  /** The first hard counter in which the amount does not fit. */
  #shortOf(counters: readonly Counter[], amountNanos: bigint): Counter | undefined {
    let isLeased = false;
    for (const counter of counters) {
      if (!counter.rule.isHard) continue;
      if (!counter.fits(amountNanos)) return counter;
      isLeased = true;
    }
    return isLeased && this.#leases?.isValid() === false ? counters[0] : undefined;
  }

  #take(
    { exchangeId, amountNanos }: SpenderRequest,
    counters: readonly Counter[],
    { rates, shared }: { readonly rates: RateUse; readonly shared: SharedUse | undefined },
  ): Hold {
    this.#reserve(counters, amountNanos);
    if (shared) this.#meters.follow(rates);
    else this.#meters.take(rates);
    const isHard = counters.some(({ rule }) => rule.isHard);
    const hold = new ExchangeHold(this, { exchangeId, counters, rates, amountNanos, isHard, shared });
    this.#holds.set(exchangeId, hold);
    return hold;
  }

  #reserve(counters: readonly Counter[], nanos: bigint): void {
    for (const counter of counters) {
      counter.heldNanos += nanos;
      counter.admittedNanos += nanos;
      this.#leases?.foresee(counter);
    }
  }

  async #admitLater(
    request: SpenderRequest,
    { short, shared }: { readonly short: Counter; readonly shared: SharedUse | undefined },
  ): Promise<Hold | Fault> {
    const { spender, atMs, amountNanos } = request;
    const counters = (): readonly Counter[] => this.#book.countersOf(spender, atMs, this.#clock.monotonicMs()) ?? [];
    return new Promise((resolve) => {
      const attempt = (): Counter | undefined => {
        const answer = this.#attempt(request, shared);
        if (!(answer instanceof Counter)) resolve(answer);
        return answer instanceof Counter ? answer : undefined;
      };
      this.#lines?.join(short, { amountNanos, counters, attempt, refuse: resolve });
    });
  }

  /** The hold, the refusal, or the counter that is short. */
  #attempt(request: SpenderRequest, shared?: SharedUse): Hold | Fault | Counter {
    const running = this.#holds.get(request.exchangeId);
    if (running !== undefined) return running;
    const nowMs = this.#clock.monotonicMs();
    const { spender, tokensEstimate } = request;
    const meters = shared ? this.#meters.metersOf(spender) : this.#meters.check(spender, tokensEstimate, nowMs);
    if (Fault.is(meters)) return meters;
    const counters = this.#book.countersOf(request.spender, request.atMs, nowMs);
    if (counters === undefined) return budgetUnavailable('too many budgets are in use');
    const rates: RateUse = { meters, tokens: tokensEstimate, takenAtMs: nowMs };
    return this.#shortOf(counters, request.amountNanos) ?? this.#take(request, counters, { rates, shared });
  }

  #limit(counter: Counter): void {
    if (this.#leases === undefined) counter.ceilingNanos = counter.rule.limitNanos;
    // Leases are granted against the limit in the database: a lower one takes effect as they come back.
    else if (counter.ceilingNanos > 0n) this.#leases.giveBack(counter);
  }

  /** Under leases the rest of the whole budget, as far as it is known. */
  #restOf(counter: Counter): bigint {
    const { view } = counter;
    const unusedNanos = counter.unusedNanos;
    if (this.#leases === undefined) return unusedNanos;
    if (view === undefined) return unusedNanos > 0n ? unusedNanos : counter.rule.limitNanos;
    const freeNanos = view.limitNanos - view.spentNanos - view.leasedNanos;
    return freeNanos > 0n ? unusedNanos + freeNanos : unusedNanos;
  }
}
