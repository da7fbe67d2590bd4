import type { AttemptFact, CorrectionFact } from '../../../domain/facts/facts.ts';
import { attemptMark, PendingExchange, type PlacedEnd, type RecordedAttempt } from './pending-exchange.ts';
import { type FlawedFact, isFlawed, type PlacedMoneyFact } from '../facts/read-fact.ts';

/** More exchanges than this are never open at once; beyond it the oldest are booked as they are. */
const defaultLimit = 200_000;

/** A fact that contradicts one that was read before; the first one stays. */
export interface Contradiction {
  readonly read: PlacedMoneyFact;
  readonly detail: string;
}

/** What a batch of facts changed. */
export interface BatchFold {
  /** Exchanges to book now, in the order in which they were completed. */
  readonly settled: Map<string, PendingExchange>;
  /** Ids that were unknown when the batch began: they may be repetitions of booked ones. */
  readonly fresh: Set<string>;
  /** Ids whose pending facts changed. */
  readonly touched: Set<string>;
  readonly corrections: PlacedMoneyFact<CorrectionFact>[];
  readonly contradictions: Contradiction[];
  /** Attempts whose amounts are held, each once however often it is told. */
  readonly held: AttemptFact[];
  /** Facts told again within this batch or while their exchange was pending. */
  repeated: number;
}

/** Gathers facts by exchange until an exchange is whole, in whatever order and however often they come. */
export class ExchangeBook {
  readonly #pending = new Map<string, PendingExchange>();
  /** Pending exchanges that ended but miss something. */
  readonly #incomplete = new Set<string>();
  readonly #limit: number;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  /** Exchanges that are not booked yet. */
  get size(): number {
    return this.#pending.size;
  }

  /** Takes over what an earlier projector left. */
  restore(pending: PendingExchange): void {
    this.#pending.set(pending.requestId, pending);
    if (pending.ended) this.#incomplete.add(pending.requestId);
  }

  /** Forgets everything; the database has it. */
  clear(): void {
    this.#pending.clear();
    this.#incomplete.clear();
  }

  pendingOf(requestId: string): PendingExchange | undefined {
    return this.#pending.get(requestId);
  }

  /** Removes an exchange that turned out to be booked already. */
  drop(requestId: string): void {
    this.#pending.delete(requestId);
    this.#incomplete.delete(requestId);
  }

  /** Adds facts in order. */
  fold(reads: readonly (PlacedMoneyFact | FlawedFact)[], isHeld: (fact: AttemptFact) => boolean): BatchFold {
    const fold: BatchFold = {
      settled: new Map(),
      fresh: new Set(),
      touched: new Set(),
      corrections: [],
      contradictions: [],
      held: [],
      repeated: 0,
    };
    for (const read of reads) {
      if (isFlawed(read)) this.#addFlawed(read, fold);
      else this.#add(read, fold, isHeld);
    }
    return fold;
  }

  /** Books what has ended and misses something, once nothing more is to be expected soon. */
  settleIncomplete(fold: BatchFold): void {
    for (const requestId of this.#incomplete) {
      const pending = this.#pending.get(requestId);
      if (pending?.isBookable() === true) this.#settle(pending, fold);
    }
  }

  /** Books the oldest when too many are open, so that memory stays bounded. */
  settleOverflow(fold: BatchFold): void {
    for (const [requestId, pending] of this.#pending) {
      if (this.#pending.size <= this.#limit) return;
      if (pending.open) {
        pending.ended ??= { end: { kind: 'quarantined', atMs: pending.open.atMs }, position: noPosition, digest: 0 };
        this.#settle(pending, fold);
      } else this.drop(requestId);
    }
  }

  #add(read: PlacedMoneyFact, fold: BatchFold, isHeld: (fact: AttemptFact) => boolean): void {
    const { fact } = read;
    if (fact.type === 'correction') {
      fold.corrections.push({ ...read, fact });
      return;
    }
    const pending = this.#exchange(fact.requestId, fold);
    switch (fact.type) {
      case 'open':
        if (pending.open) fold.repeated += 1;
        pending.open ??= fact;
        break;
      case 'attempt': {
        const attempt = { fact, mark: attemptMark({ ...read, fact }) };
        this.#addAttempt(pending, isHeld(fact) ? { ...attempt, isHeld: true } : attempt, { read, fold });
        break;
      }
      default: {
        const end = fact.type === 'final' ? ({ kind: 'final', fact } as const) : ({ kind: 'abort', fact } as const);
        this.#end(pending, { end, position: read.position, digest: read.digest }, { read, fold });
      }
    }
    this.#settleIfWhole(pending, fold);
  }

  /** An exchange whose final cannot be booked has ended all the same. */
  #addFlawed({ raw, requestId }: FlawedFact, fold: BatchFold): void {
    if (raw.type !== 'final' || requestId === '') return;
    const pending = this.#exchange(requestId, fold);
    if (pending.ended) return;
    const end = { kind: 'quarantined', atMs: pending.open?.atMs ?? 0 } as const;
    pending.ended = { end, position: raw.position, digest: 0 };
    this.#incomplete.add(requestId);
    this.#settleIfWhole(pending, fold);
  }

  #exchange(requestId: string, fold: BatchFold): PendingExchange {
    const known = this.#pending.get(requestId) ?? fold.settled.get(requestId);
    fold.touched.add(requestId);
    if (known) return known;
    const pending = new PendingExchange(requestId);
    this.#pending.set(requestId, pending);
    fold.fresh.add(requestId);
    return pending;
  }

  #addAttempt(
    pending: PendingExchange,
    attempt: RecordedAttempt,
    { read, fold }: { read: PlacedMoneyFact; fold: BatchFold },
  ): void {
    const known = pending.attempts.get(attempt.fact.attempt);
    if (!known) {
      pending.attempts.set(attempt.fact.attempt, attempt);
      if (attempt.isHeld === true) fold.held.push(attempt.fact);
    } else if (known.mark === attempt.mark) fold.repeated += 1;
    else fold.contradictions.push({ read, detail: `attempt ${attempt.fact.attempt} was recorded otherwise before` });
  }

  #end(pending: PendingExchange, ended: PlacedEnd, { read, fold }: { read: PlacedMoneyFact; fold: BatchFold }): void {
    if (!pending.ended) {
      pending.ended = ended;
      this.#incomplete.add(pending.requestId);
    } else if (pending.ended.digest === ended.digest) fold.repeated += 1;
    else fold.contradictions.push({ read, detail: 'the exchange had ended otherwise before' });
  }

  #settleIfWhole(pending: PendingExchange, fold: BatchFold): void {
    if (pending.isComplete()) this.#settle(pending, fold);
  }

  #settle(pending: PendingExchange, fold: BatchFold): void {
    this.drop(pending.requestId);
    fold.settled.set(pending.requestId, pending);
    fold.touched.add(pending.requestId);
  }
}

const noPosition = { segment: 0, offset: 0 };
