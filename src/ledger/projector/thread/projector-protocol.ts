import type { JournalPosition } from '../../../journal/index.ts';
import type { ProjectionAlarm } from '../ports.ts';
import type { ProjectionProgress } from './projector-loop.ts';

/** Everything a projector thread is started with. */
export interface ProjectorSetup {
  /** Folder of all journals. */
  readonly directory: string;
  readonly gatewayId: string;
  /** Where the database is, as of the start of the thread. */
  readonly databaseUrl: string;
  /** The gateway writes this journal now: the thread waits for its durable end before it reads. */
  readonly isLive: boolean;
  /** How often journal, ledger and rollups are compared. */
  readonly checkEveryMs: number;
}

/** What the main thread tells the projector. */
export type ProjectorOrder = { readonly kind: 'durable'; readonly until: JournalPosition } | { readonly kind: 'stop' };

/** What the projector tells the main thread. */
export type ProjectorMessage =
  | { readonly kind: 'progress'; readonly progress: ProjectionProgress }
  | { readonly kind: 'sums'; readonly problems: readonly string[] }
  /** The sums could not be compared: what was said of them before is no longer known to hold. */
  | { readonly kind: 'unchecked'; readonly reason: string }
  | { readonly kind: 'alarm'; readonly alarm: ProjectionAlarm }
  | { readonly kind: 'ended'; readonly reason: string };
