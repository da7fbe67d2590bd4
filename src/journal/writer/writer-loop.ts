import type { Clock } from '../../platform/clock.ts';
import { createDiskGuard } from './disk-guard.ts';
import { describeError } from '../journal-error.ts';
import type { SegmentFiles } from '../segments/segment-files.ts';
import type { SegmentWriter } from '../segments/segment-writer.ts';
import { type RingConsumer, sleep } from './shared-ring.ts';
import type { WriterHealth, WriterMessage, WriterSetup } from './writer-protocol.ts';

/** Longest time a fact that nobody waits for stays unwritten; where nobody ever waits, waking less often is cheaper. */
const lingerMs = { durable: 1, relaxed: 10 } as const;
/** Longest time such a fact stays unsynced: written, it survives this process, and a sync costs as much as ten writes. */
const syncWithinMs = 10;
/** How long after the last frame the writer still looks now and then instead of being woken. */
const activeMs = 20;
const housekeepingMs = 1000;
/** Pause before the next try when the disk refused a new segment. */
const retryMs = 100;

/** What the loop works with. */
export interface WriterLoopPorts {
  readonly ring: RingConsumer;
  readonly writer: SegmentWriter;
  readonly files: SegmentFiles;
  readonly clock: Clock;
  readonly post: (message: WriterMessage) => void;
  /** Deletes what retention no longer keeps. */
  readonly retain: () => void;
}

/** Runs until the main thread asks to close; blocks its thread by design, which has nothing else to do. */
export class WriterLoop {
  readonly #setup: WriterSetup;
  readonly #ports: WriterLoopPorts;
  readonly #guard;
  readonly #lingerMs: number;
  readonly #syncWithinMs: number;
  #diskHealth: WriterHealth = { accepting: true, alarm: false };
  #toldHealth = '';
  #seenBell = 0;
  #lastFrameMs = 0;
  #lastSyncMs = 0;
  #lastHousekeepingMs = Number.NEGATIVE_INFINITY;

  constructor(setup: WriterSetup, ports: WriterLoopPorts) {
    this.#setup = setup;
    this.#ports = ports;
    this.#guard = createDiskGuard(setup.limits);
    this.#lingerMs = lingerMs[setup.durability];
    this.#syncWithinMs = setup.durability === 'durable' ? syncWithinMs : setup.limits.relaxedSyncMs;
  }

  /** Writes until closed, then seals. */
  run(): void {
    const { ring, writer } = this.#ports;
    for (;;) {
      this.#keepHouse();
      if (ring.closing() && writer.pendingFrames() === 0 && writer.unsyncedFrames() === 0) break;
      if (writer.pendingFrames() > 0) this.#flush();
      else this.#rest();
      this.#syncIfDue();
    }
    writer.seal();
  }

  /** Flushes at once when somebody waits, and a moment later when nobody does: the wait lets frames gather. */
  #flush(): void {
    const { ring, writer, clock } = this.#ports;
    const bell = ring.bell();
    const hurried = bell !== this.#seenBell || ring.closing();
    if (!hurried && this.#sleep(sleep.untilBell, bell, this.#lingerMs)) return;
    this.#seenBell = bell;
    writer.write();
    if (hurried && this.#setup.durability === 'durable') this.#sync();
    if (writer.stuck() !== undefined) this.#pauseStuck();
    this.#lastFrameMs = clock.monotonicMs();
    this.#tellHealth();
  }

  /** While frames keep coming the writer looks for them itself, which spares the main thread the waking. */
  #rest(): void {
    const { ring, writer, clock } = this.#ports;
    const bell = ring.bell();
    this.#seenBell = bell;
    if (clock.monotonicMs() - this.#lastFrameMs < activeMs) this.#sleep(sleep.untilBell, bell, this.#lingerMs);
    else this.#sleep(sleep.untilFrame, bell, writer.unsyncedFrames() > 0 ? this.#lingerMs : housekeepingMs);
  }

  #sleep(how: typeof sleep.untilBell | typeof sleep.untilFrame, bell: number, timeoutMs: number): boolean {
    const { ring, writer } = this.#ports;
    return ring.wait(how, { bell, published: writer.takenFrames(), timeoutMs });
  }

  #syncIfDue(): void {
    const { writer, clock, ring } = this.#ports;
    if (writer.unsyncedFrames() === 0) return;
    const dueMs = this.#lastSyncMs + this.#syncWithinMs;
    if (clock.monotonicMs() >= dueMs || ring.closing()) this.#sync();
  }

  #sync(): void {
    const { writer, clock } = this.#ports;
    writer.sync();
    this.#lastSyncMs = clock.monotonicMs();
  }

  #pauseStuck(): void {
    const { ring, writer } = this.#ports;
    this.#tellHealth();
    if (ring.closing()) throw new Error(`journal cannot be closed: ${writer.stuck() ?? 'unknown'}`);
    this.#sleep(sleep.untilBell, ring.bell(), retryMs);
  }

  #keepHouse(): void {
    const { clock, files, writer } = this.#ports;
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - this.#lastHousekeepingMs;
    writer.rollIfDue();
    if (elapsedMs < housekeepingMs) return;
    this.#lastHousekeepingMs = nowMs;
    // Refused work brings no frames, so nothing else would notice that the disk has room again.
    if (writer.stuck() !== undefined) writer.write();
    const writtenBytes = writer.takeWrittenBytes();
    try {
      const space = files.space(this.#setup.folder);
      this.#diskHealth = this.#guard.observe(space, { writtenBytes, elapsedMs });
      this.#ports.retain();
    } catch (error) {
      this.#diskHealth = { accepting: true, alarm: true, reason: `journal volume: ${describeError(error)}` };
    }
    this.#tellHealth();
  }

  #tellHealth(): void {
    const { writer, post } = this.#ports;
    const stuck = writer.stuck();
    const degraded = writer.degraded();
    let health = this.#diskHealth;
    if (stuck !== undefined) health = { accepting: false, alarm: true, reason: `no segment can be written: ${stuck}` };
    else if (degraded !== undefined && health.accepting) health = { ...health, alarm: true, reason: degraded };
    const text = JSON.stringify(health);
    if (text === this.#toldHealth) return;
    this.#toldHealth = text;
    post({ kind: 'health', health });
  }
}
