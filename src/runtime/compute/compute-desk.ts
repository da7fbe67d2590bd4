import { type ComputePrices, type ComputeUse, rateCompute } from '../../domain/rating/compute.ts';
import type { ComputeFact, FinalFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Journal } from '../../journal/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Hold, Spender, SpendingGate } from '../../tenants/index.ts';

/** What use of machines is charged through. */
export interface ComputeDeskDeps {
  readonly journal: Pick<Journal, 'commit'>;
  readonly gate: Pick<SpendingGate, 'admit' | 'isHardLimited'>;
  readonly clock: Clock;
  newId(prefix: string): string;
  /** As configured now; undefined: running code is free and not metered. */
  prices(): ComputePrices | undefined;
}

/** Who pays. */
export interface ComputePayer {
  readonly customer: string;
  readonly key: string;
  readonly project?: string | undefined;
  readonly endUser?: string | undefined;
}

/** What ran. */
export type ComputeSubject = Pick<ComputeFact, 'kind' | 'subject' | 'exchangeId'>;

/** Permission to use a machine, within every limit of who pays; ended exactly once. */
export interface ComputeHold {
  /** Charges what was used; resolves when that is durable. */
  settle(subject: ComputeSubject, use: ComputeUse): Promise<void>;
  /** Gives back what is held, where nothing was used. After a settlement it does nothing. */
  release(): void;
}

/** Host under which machines of our own stand in facts and rollups. */
const computeHost = 'runtime';

const free: ComputeHold = { settle: () => Promise.resolve(), release: () => undefined };

/**
 * Charges customers for running code: what it may use at most is held in every budget before it starts, and what it
 * used becomes a fact like that of an exchange, so that ledger, rollups, limits and invoices follow by themselves.
 */
export class ComputeDesk {
  readonly #deps: ComputeDeskDeps;

  constructor(deps: ComputeDeskDeps) {
    this.#deps = deps;
  }

  /** Whether anything is metered at all. */
  get isMetering(): boolean {
    return this.#deps.prices() !== undefined;
  }

  /** Holds for a use of that size. Throws `budget_exceeded`, `rate_limited` or `budget_unavailable`. */
  async admit({ customer, key, project, endUser }: ComputePayer, most: ComputeUse): Promise<ComputeHold> {
    const { gate, clock, newId } = this.#deps;
    const prices = this.#deps.prices();
    if (prices === undefined) return free;
    const payer: Spender = { customer, key, project, endUser };
    const exchangeId = newId('req');
    const amountNanos = gate.isHardLimited(payer) ? rateCompute(most, prices) : 0n;
    const atMs = clock.nowMs();
    const hold = await gate.admit({ exchangeId, spender: payer, amountNanos, tokensEstimate: 0, atMs });
    if (Fault.is(hold)) throw hold;
    // It bounds requests and tokens for models, not how long programs may run.
    hold.leaveRates();
    return {
      settle: (subject, use) => this.#settle({ hold, payer, prices, startedAtMs: atMs }, subject, use),
      release: () => hold.release(),
    };
  }

  async #settle(
    admitted: {
      readonly hold: Hold;
      readonly payer: Spender;
      readonly prices: ComputePrices;
      readonly startedAtMs: number;
    },
    subject: ComputeSubject,
    use: ComputeUse,
  ): Promise<void> {
    const { hold, payer, prices, startedAtMs } = admitted;
    const nowMs = this.#deps.clock.nowMs();
    const chargeNanos = rateCompute(use, prices);
    const model = `compute/${subject.kind}`;
    const final: FinalFact = {
      type: 'final',
      requestId: hold.exchangeId,
      atMs: nowMs,
      status: 'completed',
      httpStatus: 200,
      ...payer,
      model,
      host: computeHost,
      upstreamModel: model,
      attempts: 0,
      ...(use.cpuMs !== null && { usage: { computeMs: Math.round(use.cpuMs) } }),
      costNanos: '0',
      chargeNanos: chargeNanos.toString(),
      planVersionId: prices.versionId,
      ...(hold.isHard && chargeNanos > hold.amountNanos && { overHold: true }),
      cache: 'bypass',
      totalMs: nowMs - startedAtMs,
      feature: 'compute',
      compute: { ...subject, ...use },
    };
    hold.settle(chargeNanos, nowMs, 0);
    await this.#deps.journal.commit(final);
  }
}
