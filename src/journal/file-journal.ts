import type { Fact } from '../domain/facts/facts.ts';
import type { Clock } from '../platform/clock.ts';
import { CommitWaiters } from './writer/commit-waiters.ts';
import type { Durability, Journal, JournalPosition, JournalState } from './contract.ts';
import { encodeFact } from './facts/fact-encoding.ts';
import { findFacts } from './facts/find-facts.ts';
import { factFrame } from './segments/frame-types.ts';
import { describeError, JournalError } from './journal-error.ts';
import type { JournalLog } from './journal-log.ts';
import type { SegmentMark } from './segments/segment-meta.ts';
import type { PlacedFact, SegmentReader } from './segments/segment-reader.ts';
import type { RecoveryReport } from './segments/segment-recovery.ts';
import type { RingProducer } from './writer/shared-ring.ts';
import type { WriterLink, WriterListener } from './writer/writer-link.ts';
import type { WriterHealth, WriterMessage } from './writer/writer-protocol.ts';

/** Above this share of the ring no new work is admitted: the rest belongs to the exchanges already admitted. */
const refuseShare = 0.5;
const alarmShare = 0.7 * refuseShare;

/** Parts of a journal. */
export interface FileJournalParts {
  readonly ring: RingProducer;
  readonly ringBytes: number;
  readonly reader: SegmentReader;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly log: JournalLog;
  readonly release: () => void;
}

/** The journal on disk, seen from the main thread: it encodes facts into the ring and waits for the writer. */
export class FileJournal implements Journal, WriterListener {
  readonly #parts: FileJournalParts;
  readonly #waiters: CommitWaiters;
  #link: WriterLink | undefined;
  #segments: number[] = [];
  #openMarks: SegmentMark[] = [];
  #health: WriterHealth = { accepting: true, alarm: false };
  /** Why nothing can be appended for now or for ever. */
  #down: string | undefined = 'starting';
  #lost: JournalError | undefined;
  #damage: string | undefined;
  #framesWritten = 0;
  #ringing = false;

  constructor(parts: FileJournalParts) {
    this.#parts = parts;
    this.#waiters = new CommitWaiters(parts.clock);
  }

  /** Goes into service behind a started writer. */
  attach(link: WriterLink, recovery: RecoveryReport): void {
    this.#link = link;
    this.#segments = [...recovery.segments, ...this.#segments];
    this.#down = undefined;
  }

  append(...facts: readonly Fact[]): void {
    for (const fact of facts) this.#push(fact);
  }

  commit(...facts: readonly Fact[]): Promise<void> {
    const { ring, durability } = this.#parts;
    // Before the frames: a writer that is done with them before it knows that somebody waits would never say so.
    if (durability === 'durable') ring.wantAcks(true);
    try {
      this.append(...facts);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (durability === 'relaxed') return Promise.resolve();
    this.#ringSoon();
    return this.#waiters.wait(ring.pushed());
  }

  state(): JournalState {
    const { ring, ringBytes } = this.#parts;
    const queuedBytes = ring.usedBytes();
    const { p50, p99 } = this.#waiters.percentiles();
    const full = queuedBytes > refuseShare * ringBytes;
    const reason = this.#down ?? (full ? 'journal queue is full' : (this.#health.reason ?? this.#damage));
    this.#framesWritten += (ring.progress().frames - this.#framesWritten) | 0;
    return {
      accepting: this.#down === undefined && !full && this.#health.accepting,
      reason,
      alarm: reason !== undefined || queuedBytes > alarmShare * ringBytes || this.#health.alarm,
      queuedBytes,
      framesWritten: this.#framesWritten,
      commitP50Ms: p50,
      commitP99Ms: p99,
    };
  }

  async find(requestId: string): Promise<readonly Fact[]> {
    const { reader } = this.#parts;
    const durable = this.#durable();
    // Marks of a segment that is not the newest any more say nothing of the newest.
    const openMarks = this.#segments.at(-1) === durable.segment ? [...this.#openMarks] : [];
    return this.#watch(async () => {
      const segments = await this.#readable(durable.segment);
      return findFacts({ reader, segments, durable, openMarks }, requestId);
    });
  }

  async *read(from?: JournalPosition): AsyncGenerator<PlacedFact> {
    const { segment, offset } = this.#durable();
    const segments = await this.#watch(() => this.#readable(segment));
    const facts = this.#parts.reader.read(segments, from, offset);
    for (;;) {
      const next = await this.#watch(() => facts.next());
      if (next.done) return;
      yield next.value;
    }
  }

  durableEnd(): JournalPosition {
    return this.#durable();
  }

  keepFrom(segment: number): void {
    this.#parts.ring.keepFrom(segment);
  }

  async close(): Promise<void> {
    if (this.#down === 'closed') return;
    this.#down = 'closed';
    const ended = this.#link?.ended();
    this.#parts.ring.requestClose();
    await ended;
    this.#settle();
    this.#parts.release();
    if (this.#waiters.isEmpty() && this.#parts.ring.usedBytes() === 0) return;
    const error = new JournalError('lost', 'journal was closed with facts that the disk refused');
    this.#waiters.rejectAll(error);
    throw error;
  }

  onMessage(message: WriterMessage): void {
    if (message === null) {
      this.#settle();
      return;
    }
    const { log } = this.#parts;
    switch (message.kind) {
      case 'recovered':
        logRecovery(log, message.recovery);
        break;
      case 'rolled':
        this.#segments.push(message.segment);
        this.#openMarks = [];
        break;
      case 'mark':
        this.#openMarks.push(message.mark);
        break;
      case 'deleted':
        this.#segments = this.#segments.filter((segment) => segment !== message.segment);
        log({ level: 'info', event: 'journal_segment_deleted', fields: message });
        break;
      case 'damaged':
        log({ level: 'error', event: 'journal_segment_damaged', fields: message });
        break;
      case 'health':
        this.#health = message.health;
        log({ level: message.health.alarm ? 'warn' : 'info', event: 'journal_health', fields: message.health });
        break;
      case 'failed':
        log({ level: 'error', event: 'journal_writer_failed', fields: message });
        break;
      default:
    }
  }

  onDown(reason: string): void {
    if (this.#down !== 'closed') this.#down = `journal writer is being restarted: ${reason}`;
    this.#parts.log({ level: 'error', event: 'journal_writer_died', fields: { reason } });
  }

  onUp(): void {
    if (this.#down !== 'closed') this.#down = undefined;
    this.#settle();
  }

  onLost(error: JournalError): void {
    this.#lost = error;
    this.#down = error.message;
    this.#settle();
    this.#waiters.rejectAll(error);
    this.#parts.log({ level: 'error', event: 'journal_lost', fields: { reason: error.message } });
  }

  #push(fact: Fact): void {
    if (this.#lost) throw this.#lost;
    if (this.#down === 'closed') throw new JournalError('closed', 'journal is closed');
    if (this.#parts.ring.push(factFrame[fact.type], encodeFact(fact))) return;
    throw new JournalError('full', 'journal queue is full');
  }

  /** At the end of this turn of the event loop: commits made in one turn share one wake-up and one sync. */
  #ringSoon(): void {
    if (this.#ringing) return;
    this.#ringing = true;
    setImmediate(() => {
      this.#ringing = false;
      this.#parts.ring.ringBell();
    });
  }

  #settle(): void {
    const { ring } = this.#parts;
    this.#waiters.settle(ring.progress().frames);
    if (this.#waiters.isEmpty()) ring.wantAcks(false);
  }

  #durable(): JournalPosition {
    const { segment, offset } = this.#parts.ring.progress();
    return { segment, offset };
  }

  /**
   * Segments up to the durable one. Messages about the newest may be ahead of or behind the shared memory; where they
   * are behind, each segment's header names the one before it.
   */
  async #readable(durable: number): Promise<number[]> {
    const known = this.#segments.filter((number) => number < durable);
    if (durable === 0) return known;
    const untold = [durable];
    for (let at = durable; !this.#segments.includes(durable);) {
      const { previous } = await this.#parts.reader.header(at);
      if (previous === undefined || previous.segment <= (known.at(-1) ?? 0)) break;
      at = previous.segment;
      untold.unshift(at);
    }
    return [...known, ...untold];
  }

  async #watch<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (JournalError.is(error, 'damaged')) {
        this.#damage = error.message;
        this.#parts.log({ level: 'error', event: 'journal_damage_found', fields: { reason: describeError(error) } });
      }
      throw error;
    }
  }
}

function logRecovery(log: JournalLog, recovery: RecoveryReport): void {
  const { removedBytes, removedSegments, open, nextSegment } = recovery;
  const mended = removedBytes > 0 || removedSegments.length > 0 || open.length > 0;
  log({
    level: mended ? 'warn' : 'info',
    event: 'journal_recovered',
    fields: { removedBytes, removedSegments, openExchanges: open.length, nextSegment },
  });
}
