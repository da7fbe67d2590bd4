import type { Hold } from './contract.ts';
import type { Counter } from './counter.ts';
import type { RateUse } from './rate-meters.ts';
import type { SharedUse } from './shared-rates.ts';

/** What a hold needs of the gate that gave it. */
export interface HoldKeeper {
  /** Reserves more in every counter, or nothing. */
  extend(counters: readonly Counter[], nanos: bigint): boolean;
  extendOrWait(counters: readonly Counter[], nanos: bigint): boolean | Promise<boolean>;
  /** The hold takes no part in rate limits any more. */
  leaveRates(hold: ExchangeHold): void;
  /** The hold ended; without a charge it was released. */
  end(hold: ExchangeHold, chargeNanos: bigint | undefined, usedTokens: number): void;
}

/** The hold of one exchange over all counters and meters that apply to it. */
export class ExchangeHold implements Hold {
  readonly exchangeId: string;
  readonly counters: readonly Counter[];
  rates: RateUse;
  readonly isHard: boolean;
  /** What it takes of limits that all gateways share. */
  shared: SharedUse | undefined;
  amountNanos: bigint;
  readonly #keeper: HoldKeeper;
  #isEnded = false;

  constructor(
    keeper: HoldKeeper,
    taken: Pick<ExchangeHold, 'exchangeId' | 'counters' | 'rates' | 'amountNanos' | 'isHard' | 'shared'>,
  ) {
    this.#keeper = keeper;
    this.exchangeId = taken.exchangeId;
    this.counters = taken.counters;
    this.rates = taken.rates;
    this.amountNanos = taken.amountNanos;
    this.isHard = taken.isHard;
    this.shared = taken.shared;
  }

  get heldTokens(): number | undefined {
    const { meters, tokens } = this.rates;
    return meters.some((meter) => meter.tokens !== undefined) ? tokens : undefined;
  }

  topUp(nanos: bigint): boolean {
    if (this.#isEnded) return false;
    const isExtended = this.#keeper.extend(this.counters, nanos);
    if (isExtended) this.amountNanos += nanos;
    return isExtended;
  }

  topUpOrWait(nanos: bigint): boolean | Promise<boolean> {
    if (this.#isEnded) return false;
    const answer = this.#keeper.extendOrWait(this.counters, nanos);
    if (typeof answer === 'boolean') {
      if (answer) this.amountNanos += nanos;
      return answer;
    }
    return answer.then((isExtended) => this.#extended(isExtended, nanos));
  }

  settle(chargeNanos: bigint, _atMs: number, usedTokens?: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#keeper.end(this, chargeNanos, usedTokens ?? this.rates.tokens);
  }

  leaveRates(): void {
    if (this.#isEnded) return;
    this.#keeper.leaveRates(this);
    this.rates = { ...this.rates, meters: [] };
    this.shared = undefined;
  }

  release(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#keeper.end(this, undefined, 0);
  }

  /** The exchange may have ended while it waited: what was reserved for it since goes back. */
  #extended(isExtended: boolean, nanos: bigint): boolean {
    if (isExtended && this.#isEnded) {
      for (const counter of this.counters) counter.heldNanos -= nanos;
      return false;
    }
    if (isExtended) this.amountNanos += nanos;
    return isExtended;
  }
}
