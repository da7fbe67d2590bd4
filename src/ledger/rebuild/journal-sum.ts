import type { CursorBatch, JournalCursor, JournalPosition } from '../../journal/index.ts';
import { comparePositions, journalStart } from '../../journal/index.ts';

/** Where adding up a journal has come to. */
export interface StoredJournalSum {
  readonly position: JournalPosition;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  readonly facts: bigint;
  /** Exchanges whose end was not read yet, and the last ones that ended. */
  readonly open: unknown;
}

interface OpenSum {
  /** Cost by number of attempt, so that one told twice counts once. */
  readonly attempts: { [attempt: string]: string };
  isOpened?: boolean;
}

interface OpenState {
  readonly open: { [requestId: string]: OpenSum };
  readonly ended: string[];
}

/** Ids remembered after their end: another telling of them counts nothing. */
const rememberedEnds = 50_000;
const readBytes = 4 * 1024 * 1024;

/** The few fields of facts that amounts are made of; read here anew, and not by what the projector uses. */
interface AmountFact {
  readonly type: string;
  readonly requestId?: string;
  readonly attempt?: number;
  readonly attempts?: number;
  readonly costNanos?: string | null;
  readonly chargeNanos?: string | null;
  readonly absorbedNanos?: string;
}

/** Adds up cost and charge of a journal, exchange by exchange, apart from the projector. */
export class JournalSum {
  readonly #open = new Map<string, OpenSum>();
  readonly #ended = new Set<string>();
  #position: JournalPosition;
  #costNanos: bigint;
  #chargeNanos: bigint;
  #facts: bigint;

  constructor(stored: StoredJournalSum | undefined) {
    this.#position = stored?.position ?? journalStart;
    this.#costNanos = stored?.costNanos ?? 0n;
    this.#chargeNanos = stored?.chargeNanos ?? 0n;
    this.#facts = stored?.facts ?? 0n;
    const state = (stored?.open ?? { open: {}, ended: [] }) as OpenState;
    for (const [requestId, open] of Object.entries(state.open)) this.#open.set(requestId, open);
    for (const requestId of state.ended) this.#ended.add(requestId);
  }

  /** Reads on to a position. */
  async readTo(cursor: JournalCursor, until: JournalPosition): Promise<void> {
    while (comparePositions(this.#position, until) < 0) {
      const batch: CursorBatch = await cursor.read(this.#position, { until, maxBytes: readBytes });
      for (const { body, isReadable } of batch.facts) if (isReadable) this.#add(body);
      if (batch.isAtEnd && comparePositions(batch.next, this.#position) === 0) break;
      this.#position = batch.next;
    }
  }

  stored(): StoredJournalSum {
    return {
      position: this.#position,
      costNanos: this.#costNanos,
      chargeNanos: this.#chargeNanos,
      facts: this.#facts,
      open: { open: Object.fromEntries(this.#open), ended: [...this.#ended] },
    };
  }

  #add(body: Buffer): void {
    this.#facts += 1n;
    let fact: AmountFact;
    try {
      fact = JSON.parse(body.toString('utf8'));
    } catch {
      return; // The projector has set it apart; it has no amount that anybody could know.
    }
    const { requestId, type } = fact;
    if (requestId === undefined || this.#ended.has(requestId)) return;
    if (type === 'open') this.#openOf(requestId).isOpened = true;
    if (type === 'attempt') this.#openOf(requestId).attempts[String(fact.attempt)] ??= fact.costNanos ?? '0';
    if (type === 'final' || type === 'abort') this.#end(requestId, fact);
  }

  #openOf(requestId: string): OpenSum {
    const known = this.#open.get(requestId);
    if (known) return known;
    const open: OpenSum = { attempts: {} };
    this.#open.set(requestId, open);
    return open;
  }

  #end(requestId: string, { type, costNanos, chargeNanos, absorbedNanos }: AmountFact): void {
    const attempts = Object.values(this.#open.get(requestId)?.attempts ?? {});
    const known = attempts.reduce((sum, cost) => sum + BigInt(cost), 0n);
    const told = BigInt(costNanos ?? '0');
    this.#costNanos += told > known ? told : known;
    if (type === 'final') {
      const byCost = typeof costNanos !== 'string' ? '0' : (told - BigInt(absorbedNanos ?? '0')).toString();
      this.#chargeNanos += BigInt((chargeNanos === undefined ? byCost : chargeNanos) ?? '0');
    }
    this.#open.delete(requestId);
    this.#ended.add(requestId);
    if (this.#ended.size > rememberedEnds) {
      const [oldest] = this.#ended;
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
  }
}
