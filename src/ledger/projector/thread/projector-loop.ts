import { setTimeout as wait } from 'node:timers/promises';
import { comparePositions, type CursorBatch, JournalError, type JournalPosition } from '../../../journal/index.ts';
import type { Clock } from '../../../platform/clock.ts';
import { LedgerError } from '../../ledger-error.ts';
import type { ProjectionAlarm } from '../ports.ts';
import type { BatchResult } from '../projector.ts';

/** What a loop drives; the projector of one journal. */
export interface ProjectedJournal {
  readonly position: JournalPosition;
  claim(): Promise<JournalPosition>;
  /** Does the part of a batch that needs no database, ahead of its turn. */
  prepare(batch: CursorBatch): void;
  project(batch: CursorBatch): Promise<BatchResult>;
  refuse(batch: CursorBatch, detail: string): Promise<BatchResult>;
}

/** How the loop runs. */
export interface ProjectorLoopSettings {
  readonly gatewayId: string;
  readonly read: (from: JournalPosition, maxBytes: number) => Promise<CursorBatch>;
  /** Durable end of the journal; undefined when nobody writes it. */
  readonly until: () => JournalPosition | undefined;
  readonly clock: Clock;
  readonly alarm: (alarm: ProjectionAlarm) => void;
  /** Called after each batch and each failure. */
  readonly report: (progress: ProjectionProgress) => void;
  readonly signal: AbortSignal;
  readonly maxBatchBytes?: number;
  readonly idleMs?: number;
  readonly longestBackOffMs?: number;
}

/** How far a projection is and how it fares. */
export interface ProjectionProgress {
  readonly position: JournalPosition;
  readonly facts: number;
  readonly booked: number;
  readonly repeated: number;
  readonly quarantined: number;
  /** Nothing is left to read. */
  readonly isCaughtUp: boolean;
  /** Why the last try failed; the backlog waits in the journal. */
  readonly failure?: string;
}

/** Rows of rollups are written once per batch, however much a batch adds to them: a backlog drains in large ones. */
const defaults = { maxBatchBytes: 24 * 1024 * 1024, idleMs: 250, longestBackOffMs: 5_000 };
const firstBackOffMs = 100;

/**
 * Projects until it is told to stop. Nobody waits for it: while the database is away it tries again with growing
 * pauses and drains the backlog later. It ends by itself only when fenced or when the journal is damaged.
 */
export async function runProjector(projector: ProjectedJournal, given: ProjectorLoopSettings): Promise<void> {
  const settings = { ...defaults, ...given };
  const { signal, alarm, gatewayId } = settings;
  const state = { isClaimed: false, backOffMs: firstBackOffMs, maxBytes: settings.maxBatchBytes, isStuckTold: false };
  const ahead = new ReadAhead(settings.read, (batch) => projector.prepare(batch));
  while (!signal.aborted) {
    try {
      if (!state.isClaimed) {
        await projector.claim();
        state.isClaimed = true;
      }
      const batch = await ahead.take(projector.position, state.maxBytes);
      // The disk, the checksums and the parsing of the next batch are done while the database works on this one.
      if (!batch.isAtEnd) ahead.begin(batch.next, state.maxBytes);
      const result = await projector.project(batch);
      const isCaughtUp = batch.isAtEnd;
      settings.report({ position: projector.position, isCaughtUp, ...result });
      state.backOffMs = firstBackOffMs;
      state.isStuckTold = false;
      state.maxBytes = Math.min(settings.maxBatchBytes, state.maxBytes * 2);
      if (isCaughtUp && !isBehind(projector.position, settings.until())) await pause(settings.idleMs, signal);
    } catch (error) {
      if (isFinal(error)) {
        const kind = LedgerError.is(error, 'fenced') ? 'fenced' : 'damaged';
        alarm({ kind, gatewayId, detail: describe(error) });
        throw error;
      }
      await recover(error, { projector, settings, state });
    }
  }
}

/** Reads one batch before it is asked for. A batch that is not the one asked for is read again. */
class ReadAhead {
  readonly #read: ProjectorLoopSettings['read'];
  readonly #prepare: (batch: CursorBatch) => void;
  #begun:
    | { readonly from: JournalPosition; readonly maxBytes: number; readonly batch: Promise<CursorBatch> }
    | undefined;

  constructor(read: ProjectorLoopSettings['read'], prepare: (batch: CursorBatch) => void) {
    this.#read = read;
    this.#prepare = prepare;
  }

  begin(from: JournalPosition, maxBytes: number): void {
    const batch = this.#read(from, maxBytes).then((read) => {
      this.#prepare(read);
      return read;
    });
    // It is whoever takes it that hears of a failure.
    batch.catch(() => undefined);
    this.#begun = { from, maxBytes, batch };
  }

  async take(from: JournalPosition, maxBytes: number): Promise<CursorBatch> {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun && begun.maxBytes <= maxBytes && comparePositions(begun.from, from) === 0) return begun.batch;
    return this.#read(from, maxBytes);
  }
}

interface Recovery {
  readonly projector: ProjectedJournal;
  readonly settings: ProjectorLoopSettings & typeof defaults;
  readonly state: { backOffMs: number; maxBytes: number; isStuckTold: boolean };
}

/** What the database refuses is halved until one fact is left, which is set apart; anything else is tried again. */
async function recover(error: unknown, { projector, settings, state }: Recovery): Promise<void> {
  const { signal, alarm, gatewayId } = settings;
  const none = { facts: 0, booked: 0, repeated: 0, quarantined: 0, isCaughtUp: false };
  settings.report({ ...none, position: projector.position, failure: describe(error) });
  if (!isRefusal(error)) {
    if (state.backOffMs >= settings.longestBackOffMs && !state.isStuckTold) {
      state.isStuckTold = true;
      alarm({ kind: 'stuck', gatewayId, detail: describe(error) });
    }
    await pause(state.backOffMs, signal);
    state.backOffMs = Math.min(settings.longestBackOffMs, state.backOffMs * 2);
    return;
  }
  if (state.maxBytes > 1) {
    state.maxBytes = Math.max(1, Math.floor(state.maxBytes / 16));
    return;
  }
  const batch = await settings.read(projector.position, 1);
  const [first, second] = batch.facts;
  const single = second ? { facts: first ? [first] : [], next: second.position, isAtEnd: false } : batch;
  try {
    await projector.project(single);
  } catch (again) {
    if (!isRefusal(again)) return;
    await projector.refuse(single, describe(again));
  }
}

/** The writer is further than what was read, so there is no reason to wait. */
function isBehind(position: JournalPosition, until: JournalPosition | undefined): boolean {
  return until !== undefined && comparePositions(position, until) < 0;
}

function isFinal(error: unknown): boolean {
  return LedgerError.is(error, 'fenced') || JournalError.is(error, 'damaged');
}

/** Classes 22 and 23 of SQLSTATE: the values are at fault, so trying again changes nothing. */
function isRefusal(error: unknown): boolean {
  if (LedgerError.is(error, 'out_of_range') || LedgerError.is(error, 'conflict')) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Being told to stop ends the pause; that is no failure.
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
