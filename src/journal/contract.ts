import type { Fact } from '../domain/facts/facts.ts';

/** When an acknowledged fact survives: `durable` after fdatasync; `relaxed` syncs every 50 ms and nobody waits. */
export type Durability = 'durable' | 'relaxed';

/** Place of a frame, and the order of all facts of one gateway. */
export interface JournalPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Health of the journal; admission refuses work while `accepting` is false. */
export interface JournalState {
  readonly accepting: boolean;
  /** Why not, or what is about to go wrong; for operators. */
  readonly reason?: string;
  /** Free space or queue is past its alarm level, or a segment was damaged. */
  readonly alarm: boolean;
  readonly queuedBytes: number;
  readonly framesWritten: number;
  /** Commit latency of the last batches in milliseconds. */
  readonly commitP50Ms: number;
  readonly commitP99Ms: number;
}

/** The append-only log of facts of one gateway process, written by a worker thread. */
export interface Journal {
  /** Queues facts without waiting. Never throws while `state().accepting`. */
  append(...facts: readonly Fact[]): void;
  /** Queues facts and resolves when they are durable (at once when relaxed). Rejects only if the journal is lost. */
  commit(...facts: readonly Fact[]): Promise<void>;
  state(): JournalState;
  /** Facts of one exchange, oldest first; empty when unknown. Looks into the segments of the id's time. */
  find(requestId: string): Promise<readonly Fact[]>;
  /** Every fact from a position on, in order; sealed segments first, then the durable part of the open one. */
  read(from?: JournalPosition): AsyncIterable<{ readonly position: JournalPosition; readonly fact: Fact }>;
  /** End of what is durable; readers beside this process must not look further. */
  durableEnd(): JournalPosition;
  /** Retention deletes only segments before this one: the others are not in every projection yet. */
  keepFrom(segment: number): void;
  /** Writes everything queued, seals the segment, ends the worker. */
  close(): Promise<void>;
}
