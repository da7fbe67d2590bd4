import { chargeEntries, costEntries, type PaidPart } from '../../books/money-events.ts';
import type { NewTransaction } from '../../books/post-transaction.ts';
import { KeyTree } from './key-tree.ts';
import { minuteOf } from './time-slots.ts';

interface LedgerChunk {
  readonly customer: string;
  readonly host: string;
  readonly minuteMs: number;
  costNanos: bigint;
  absorbedNanos: bigint;
  /** In the order in which they were burned: a refund goes back from the last. */
  readonly parts: Map<string, PaidPart>;
}

/** What belongs together in one transaction of the ledger. */
export interface ChunkKey {
  readonly customer: string;
  readonly host: string;
  readonly startedAtMs: number;
}

/** Gathers a batch into one transaction per customer, host and minute. */
export class LedgerSums {
  readonly #chunks: LedgerChunk[] = [];
  readonly #tree = new KeyTree<LedgerChunk>();

  addCost(key: ChunkKey, costNanos: bigint, absorbedNanos: bigint): void {
    const chunk = this.#chunk(key);
    chunk.costNanos += costNanos;
    chunk.absorbedNanos += absorbedNanos;
  }

  addPaid(key: ChunkKey, parts: readonly PaidPart[]): void {
    const chunk = this.#chunk(key);
    for (const part of parts) {
      const name = `${part.kind}/${part.grantId ?? ''}/${part.fromBreakage === true}`;
      const known = chunk.parts.get(name);
      chunk.parts.set(name, known ? { ...known, amountNanos: known.amountNanos + part.amountNanos } : part);
    }
  }

  /** The transactions to post for a range of the journal. */
  transactions(sourceRef: string): NewTransaction[] {
    const transactions: NewTransaction[] = [];
    for (const { customer, host, minuteMs, costNanos, absorbedNanos, parts } of this.#chunks) {
      const entries = [...chargeEntries(customer, [...parts.values()]), ...costEntries(host, costNanos, absorbedNanos)];
      if (entries.length === 0) continue;
      const operationKey = `usage/${sourceRef}/${minuteMs}/${customer}/${host}`;
      transactions.push({ kind: 'usage', operationKey, sourceRef, bookedAtMs: minuteMs, customer, host, entries });
    }
    return transactions;
  }

  #chunk({ customer, host, startedAtMs }: ChunkKey): LedgerChunk {
    const minuteMs = minuteOf(startedAtMs);
    return this.#tree.take([minuteMs, customer, host], () => {
      const chunk = { customer, host, minuteMs, costNanos: 0n, absorbedNanos: 0n, parts: new Map<string, PaidPart>() };
      this.#chunks.push(chunk);
      return chunk;
    });
  }
}
