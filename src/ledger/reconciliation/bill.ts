import type { UsageBucket } from '../../domain/rating/usage.ts';

/** What a host bills for one day, model, key and bucket. */
export interface BillCell {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly model: string;
  /** Empty when the bill does not tell keys apart. */
  readonly key: string;
  /** Empty for an amount that is not told by bucket. */
  readonly bucket: UsageBucket | '';
  /** null when the bill tells no units. */
  readonly units: bigint | null;
  /** null when the bill tells no amount. */
  readonly amountNanos: bigint | null;
}

/** A row that could not be read. */
export interface BillProblem {
  /** Line of a table, counting its head; number of the record in JSON. */
  readonly line: number;
  readonly message: string;
}

/** A bill or usage export, read. */
export interface Bill {
  readonly format: string;
  readonly host: string;
  readonly rows: number;
  /** One cell for each day, model, key and bucket. */
  readonly cells: readonly BillCell[];
  readonly problems: readonly BillProblem[];
  /** Columns that no format of ours knows: what they hold is not in the cells. */
  readonly unknownColumns: readonly string[];
}

/** A bill that cannot be read at all. */
export class BillError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BillError';
  }
}
