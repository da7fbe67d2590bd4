import type { Nanos, PageQuery } from './tenant-types.ts';

/** A bill or usage export of a host that was imported. */
export interface ImportedBill {
  readonly id: string;
  readonly host: string;
  readonly format: string;
  readonly name: string;
  readonly rows: number;
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  readonly unknownColumns: readonly string[];
  readonly firstDay: number | null;
  readonly lastDay: number | null;
  readonly importedAtMs: number;
  readonly isRepeated: boolean;
}

/** A bill to import. */
export interface BillInput {
  readonly name: string;
  readonly content: string;
  readonly host?: string | undefined;
  readonly format?: string | undefined;
}

/** A bill compared with what was metered. */
export interface ReconciliationReport {
  readonly host: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly isByKey: boolean;
  readonly oursNanos: Nanos;
  readonly theirsNanos: Nanos;
  readonly deltaNanos: Nanos;
  readonly varianceNanos: Nanos;
  readonly coveragePpm: string | null;
  readonly estimatedPpm: string;
  readonly classes: readonly { readonly difference: string; readonly cells: number; readonly deltaNanos: Nanos }[];
  readonly cells: readonly {
    readonly day: string;
    readonly model: string;
    readonly key: string;
    readonly difference: string;
    readonly missingOn: 'ours' | 'theirs' | null;
    readonly oursNanos: Nanos | null;
    readonly theirsNanos: Nanos | null;
    readonly deltaNanos: Nanos | null;
  }[];
}

/** What was posted for a bill. */
export interface PostedVariance {
  readonly importId: string;
  readonly varianceNanos: Nanos;
  readonly operationKey: string | null;
}

/** Which transactions of the books to list. */
export interface TransactionQuery extends PageQuery {
  readonly customer?: string | undefined;
  readonly host?: string | undefined;
  readonly kind?: string | undefined;
  readonly from?: number | string | undefined;
  readonly to?: number | string | undefined;
}

/** A transaction of the books; its entries sum to 0. */
export interface LedgerTransaction {
  readonly id: string;
  readonly kind: string;
  readonly operationKey: string;
  readonly sourceRef: string;
  readonly customer: string;
  readonly host: string;
  readonly bookedAtMs: number;
  readonly reversesTransactionId: string | null;
  readonly memo: string;
  readonly entries: readonly { readonly account: string; readonly owner: string; readonly amountNanos: Nanos }[];
}

/** Cost and charge as one place adds them up. */
export interface PlaceSums {
  readonly costNanos: Nanos;
  readonly chargeNanos: Nanos;
}

/** Whether journal, ledger and rollups are equal. */
export interface LedgerCheck {
  readonly ok: boolean;
  readonly journal: PlaceSums;
  readonly quarantined: PlaceSums;
  readonly corrected: PlaceSums;
  readonly ledger: PlaceSums;
  readonly slots: PlaceSums;
  readonly days: PlaceSums;
  readonly hosts: { readonly costNanos: Nanos };
  readonly unbalanced: string;
  /** Gateways whose oldest segments are gone. */
  readonly incomplete: readonly string[];
  readonly problems: readonly string[];
}

/** How far the journal of a gateway is in ledger and rollups. */
export interface ProjectionState {
  readonly gatewayId: string;
  readonly segment: number;
  readonly byteOffset: number;
  readonly facts: string;
  readonly repeated: string;
  readonly isOwn: boolean;
  readonly segmentsBehind: number | null;
  readonly bytesBehind: number | null;
  readonly failure: string | null;
}

/** A fact that is not in the books. */
export interface QuarantinedFact {
  readonly id: string;
  readonly gatewayId: string;
  readonly segment: number;
  readonly byteOffset: number;
  readonly reason: string;
  readonly detail: string;
  readonly requestId: string;
  readonly factType: string;
  readonly costNanos: Nanos;
  readonly chargeNanos: Nanos;
  /** Who booked it after all, when and why; null while it is set apart. */
  readonly release: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
}

/** What a release put into the books. */
export interface ReleasedFact {
  readonly id: string;
  readonly requestId: string;
  readonly customer: string;
  readonly costNanos: Nanos;
}

/** A gateway on the database, and what it has leased of limits. */
export interface GatewayRun {
  readonly gatewayId: string;
  readonly epoch: string;
  readonly status: 'live' | 'in_doubt' | 'stopped';
  readonly beatAtMs: number;
  readonly leasedNanos: Nanos;
}

/** Messages to one other system in one state. */
export interface OutboxState {
  readonly sink: string;
  readonly state: string;
  readonly messages: string;
  readonly oldestAtMs: number;
  readonly lastError: string | null;
}
