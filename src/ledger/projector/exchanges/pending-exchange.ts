import type { AbortFact, AttemptFact, FinalFact, OpenFact } from '../../../domain/facts/facts.ts';
import type { JournalPosition } from '../../../journal/index.ts';
import type { PlacedMoneyFact } from '../facts/read-fact.ts';

/** An attempt, and the mark under which a repetition of it is recognised. */
export interface RecordedAttempt {
  readonly fact: AttemptFact;
  /** Number and digest in one: `number * 2^32 + digest`. */
  readonly mark: bigint;
  /** Its amount is in quarantine: it counts as tried, and costs nothing until somebody decides. */
  readonly isHeld?: true;
}

/** How an exchange ended: told by the gateway, by recovery after a crash, or by a final that cannot be booked. */
export type ExchangeEnd =
  | { readonly kind: 'final'; readonly fact: FinalFact }
  | { readonly kind: 'abort'; readonly fact: AbortFact }
  | { readonly kind: 'quarantined'; readonly atMs: number };

/** The end of an exchange with its place. */
export interface PlacedEnd {
  readonly end: ExchangeEnd;
  readonly position: JournalPosition;
  readonly digest: number;
}

/** What is known of an exchange that cannot be booked yet. */
export class PendingExchange {
  readonly requestId: string;
  open: OpenFact | undefined;
  ended: PlacedEnd | undefined;
  readonly attempts = new Map<number, RecordedAttempt>();

  constructor(requestId: string) {
    this.requestId = requestId;
  }

  /** Everything that the end announces is there, and who pays is known. */
  isComplete(): boolean {
    if (!this.ended) return false;
    const { end } = this.ended;
    if (end.kind === 'final') return this.attempts.size >= end.fact.attempts;
    return this.open !== undefined;
  }

  /** It can be booked, though an announced attempt is missing. */
  isBookable(): boolean {
    return this.ended?.end.kind === 'final' || (this.ended !== undefined && this.open !== undefined);
  }

  /** As text for the database. */
  toJson(): string {
    return JSON.stringify({
      open: this.open,
      ended: this.ended,
      attempts: [...this.attempts.values()].map(({ fact, mark, isHeld }) => ({ fact, mark: mark.toString(), isHeld })),
    });
  }

  /** Back from the database. */
  static fromJson(requestId: string, stored: unknown): PendingExchange {
    const { open, ended, attempts } = stored as {
      readonly open?: OpenFact;
      readonly ended?: PlacedEnd;
      readonly attempts: readonly { readonly fact: AttemptFact; readonly mark: string; readonly isHeld?: true }[];
    };
    const pending = new PendingExchange(requestId);
    pending.open = open;
    pending.ended = ended;
    for (const { fact, mark, isHeld } of attempts) {
      pending.attempts.set(fact.attempt, { fact, mark: BigInt(mark), ...(isHeld && { isHeld }) });
    }
    return pending;
  }
}

/** The mark of an attempt. */
export function attemptMark({ fact, digest }: PlacedMoneyFact<AttemptFact>): bigint {
  return BigInt(fact.attempt) * 0x1_0000_0000n + BigInt(digest);
}

/** The number of the attempt that a mark belongs to. */
export function attemptOfMark(mark: bigint): number {
  return Number(mark >> 32n);
}
