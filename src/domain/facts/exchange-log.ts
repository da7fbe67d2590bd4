import { chargeOfFinal } from '../charges/margin.ts';
import type { DecisionFact, Fact, FinalFact, OutcomeFact } from './facts.ts';

/** What the log knows of one finished exchange. */
export interface LoggedExchange {
  readonly final: FinalFact;
  readonly decision?: DecisionFact;
  /** As told, retractions included. */
  readonly outcomes: readonly OutcomeFact[];
  /** null is unknown. */
  readonly costNanos: bigint | null;
  readonly chargeNanos: bigint | null;
  /** Part of the cost that rests on our own count of usage rather than on the provider's. */
  readonly estimatedNanos: bigint;
  /** Part of the cost that attempts without an answer took, drafts included. */
  readonly wasteNanos: bigint;
  /** Part of the waste that drafts took which a verifier turned down; absent: none. */
  readonly draftNanos?: bigint;
}

/** Which exchanges are kept. */
export interface LogWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly job?: string;
  /** Further exchanges are counted and left out. */
  readonly maxExchanges?: number;
}

interface OpenEntry {
  final?: FinalFact;
  decision?: DecisionFact;
  outcomes: OutcomeFact[];
  estimatedNanos: bigint;
  wasteNanos: bigint;
  draftNanos: bigint;
}

const defaultMax = 2_000_000;

/** Puts the facts of each exchange together again; facts may come in any order. */
export class ExchangeLog {
  readonly #entries = new Map<string, OpenEntry>();
  readonly #window: LogWindow;
  #leftOut = 0;

  constructor(window: LogWindow) {
    this.#window = window;
  }

  /** Exchanges beyond the most that are kept; figures must say so. */
  get leftOut(): number {
    return this.#leftOut;
  }

  add(fact: Fact): void {
    switch (fact.type) {
      case 'final':
        if (this.#isWanted(fact.atMs, fact.job)) this.#at(fact.requestId, (entry) => (entry.final = fact));
        return;
      case 'decision':
        // A decision comes shortly before its final, which decides whether the exchange is within the window.
        if (
          fact.atMs < this.#window.toMs &&
          fact.atMs >= this.#window.fromMs - longestExchangeMs &&
          this.#isJob(fact.job)
        )
          this.#at(fact.requestId, (entry) => (entry.decision = fact));
        return;
      case 'outcome':
        // Outcomes come late: those of the window's exchanges count whenever they were told.
        if ((fact.receivedAtMs ?? fact.atMs) >= this.#window.fromMs - longestExchangeMs)
          this.#at(fact.requestId, ({ outcomes }) => outcomes.push(fact));
        return;
      case 'attempt': {
        if (fact.startedAtMs < this.#window.fromMs - longestExchangeMs || fact.startedAtMs >= this.#window.toMs) return;
        const costNanos = fact.costNanos === null ? 0n : BigInt(fact.costNanos);
        const isWaste = fact.fault !== undefined || fact.flags.includes('hedge_loser');
        const isEstimated = fact.costSource === 'estimated' || fact.flags.includes('estimated');
        if (costNanos === 0n || (!isWaste && !isEstimated)) return;
        this.#at(fact.requestId, (entry) => {
          if (isWaste) entry.wasteNanos += costNanos;
          if (fact.fault === 'answer_rejected') entry.draftNanos += costNanos;
          if (isEstimated) entry.estimatedNanos += costNanos;
        });
        return;
      }
      default:
    }
  }

  /** Finished exchanges of the window, in the order in which they were first seen. */
  *exchanges(): Generator<LoggedExchange> {
    for (const { final, decision, outcomes, estimatedNanos, wasteNanos, draftNanos } of this.#entries.values()) {
      if (final === undefined) continue;
      yield {
        final,
        ...(decision && { decision }),
        outcomes,
        costNanos: final.costNanos === null ? null : BigInt(final.costNanos),
        chargeNanos: chargeOfFinal(final),
        estimatedNanos,
        wasteNanos,
        draftNanos,
      };
    }
  }

  #isWanted(atMs: number, job: string | undefined): boolean {
    return atMs >= this.#window.fromMs && atMs < this.#window.toMs && this.#isJob(job);
  }

  #isJob(job: string | undefined): boolean {
    return this.#window.job === undefined || this.#window.job === job;
  }

  #at(requestId: string, change: (entry: OpenEntry) => void): void {
    let entry = this.#entries.get(requestId);
    if (entry === undefined) {
      if (this.#entries.size >= (this.#window.maxExchanges ?? defaultMax)) {
        this.#leftOut++;
        return;
      }
      entry = { outcomes: [], estimatedNanos: 0n, wasteNanos: 0n, draftNanos: 0n };
      this.#entries.set(requestId, entry);
    }
    change(entry);
  }
}

/** No exchange lasts longer; what lies further back belongs to none of the window. */
const longestExchangeMs = 3_600_000;
