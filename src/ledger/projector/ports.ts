import type { Transaction } from 'kysely';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import type { Price, PriceContract } from '../../domain/rating/price.ts';
import type { UsageBuckets } from '../../domain/rating/usage.ts';
import type { Tables } from '../../storage/index.ts';
import type { ChargeFunding, ProjectedCharge } from '../../tenants/index.ts';
import type { Booking, ExchangeDimensions } from './books/booking.ts';

/** Price and contract versions by id, as far as they are known. */
export interface VersionLookup {
  /** Loads what is not known yet; asked once per batch. */
  load(ids: { readonly prices: readonly string[]; readonly contracts: readonly string[] }): Promise<void>;
  price(versionId: string): Price | undefined;
  contract(versionId: string): PriceContract | undefined;
}

/** Moves budgets, leases and grants by what was charged, in the transaction of the projection. Parts of a negative charge are negative. */
export type ApplyCharges = (
  trx: Transaction<Tables>,
  charges: readonly ProjectedCharge[],
) => Promise<readonly ChargeFunding[]>;

/** Charges an outcome whose plan has a price for it, once, in the transaction of the projection. */
export type ApplyOutcome = (trx: Transaction<Tables>, fact: OutcomeFact) => Promise<unknown>;

/** A difference that was booked after its exchange. */
export interface BookedCorrection {
  readonly requestId: string;
  readonly correctionId: string;
  /** As of its exchange. */
  readonly isCopy: boolean;
  readonly dimensions: ExchangeDimensions;
  readonly bookedAtMs: number;
  readonly units: UsageBuckets;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  /** Where the better figures come from. */
  readonly source: string;
}

/** What a batch booked, as far as others are told of it. */
export interface ExportedUse {
  readonly gatewayId: string;
  readonly bookings: readonly Booking[];
  readonly corrections: readonly BookedCorrection[];
}

/** Puts what exchanges used out to other systems, in the transaction of the projection. */
export type ExportUse = (trx: Transaction<Tables>, use: ExportedUse) => Promise<void>;

/** Something about a projection that people should hear of. */
export interface ProjectionAlarm {
  readonly kind: 'quarantined' | 'fenced' | 'damaged' | 'stuck' | 'sums';
  readonly gatewayId: string;
  readonly detail: string;
}

/** What a projector does not do itself. */
export interface ProjectorPorts {
  /** Absent: attempts are not rated again. */
  readonly versions?: VersionLookup | undefined;
  /** Absent: every charge waits for an invoice. */
  readonly applyCharges?: ApplyCharges | undefined;
  /** Absent: outcomes cost nothing. */
  readonly applyOutcome?: ApplyOutcome | undefined;
  /** Absent: nobody else is told. */
  readonly exportUse?: ExportUse | undefined;
  readonly alarm: (alarm: ProjectionAlarm) => void;
}
