import type { Durability } from '../contract.ts';
import type { RecoveryReport } from '../segments/segment-recovery.ts';
import type { SegmentMark } from '../segments/segment-meta.ts';

/** Sizes and times that shape a journal; the defaults are the product's. */
export interface JournalLimits {
  readonly ringBytes: number;
  readonly segmentBytes: number;
  readonly segmentAgeMs: number;
  /** Free bytes below which work is refused, whatever the rate. */
  readonly reserveBytes: number;
  /** Seconds of the measured write rate that must stay free. */
  readonly reserveSeconds: number;
  readonly retentionMs: number;
  /** Share of the volume all segments together may take. */
  readonly retentionShare: number;
  readonly relaxedSyncMs: number;
}

/** Everything a writer thread is started with. */
export interface WriterSetup {
  readonly folder: string;
  readonly gatewayId: string;
  readonly durability: Durability;
  readonly limits: JournalLimits;
  readonly memory: SharedArrayBuffer;
  /** The previous writer of the same ring died: its progress is in the ring. */
  readonly resume: boolean;
  /** Module whose `createFiles(spec)` replaces the disk; for tests of disk failures. */
  readonly filesModule?: { readonly url: string; readonly spec: unknown };
}

/** Whether work may be admitted, as the writer sees it. */
export interface WriterHealth {
  readonly accepting: boolean;
  readonly alarm: boolean;
  readonly reason?: string;
}

/** What a writer thread tells the main thread; `null` says that frames became durable. */
export type WriterMessage =
  | null
  | { readonly kind: 'recovered'; readonly recovery: RecoveryReport }
  | { readonly kind: 'ready' }
  | { readonly kind: 'rolled'; readonly segment: number }
  | { readonly kind: 'mark'; readonly segment: number; readonly mark: SegmentMark }
  | { readonly kind: 'deleted'; readonly segment: number; readonly sizeBytes: number; readonly why: 'age' | 'share' }
  | { readonly kind: 'damaged'; readonly segment: number; readonly error: string }
  | { readonly kind: 'health'; readonly health: WriterHealth }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'closed' };
