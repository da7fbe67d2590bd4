import type { Clock } from './clock.ts';

/** A scheduled call that can be cancelled or pushed back. */
export interface WheelTimer {
  cancel(): void;
  /** Counts the delay anew from now. O(1) without touching the wheel, so it may be called per chunk. */
  restart(): void;
}

/** Coarse timers for many streams: one interval for all of them, running only while any is pending. */
export interface TimerWheel {
  after(delayMs: number, fire: () => void): WheelTimer;
  /** Pending timers; for leak checks. */
  readonly size: number;
  close(): void;
}

/** Resolution in milliseconds: a timer fires at most this late. */
export const tickMs = 10;
const slotCount = 1024;

/** Makes a hashed timer wheel. Entries beyond one turn simply come round again. */
export function createTimerWheel(clock: Clock): TimerWheel {
  return new HashedWheel(clock);
}

class HashedWheel implements TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Set<Entry>[] = Array.from({ length: slotCount }, () => new Set());
  #size = 0;
  #interval: NodeJS.Timeout | undefined;
  #tick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  after(delayMs: number, fire: () => void): WheelTimer {
    const nowMs = this.#clock.monotonicMs();
    if (this.#interval === undefined) {
      this.#tick = Math.floor(nowMs / tickMs);
      this.#interval = setInterval(() => this.#advance(), tickMs);
      this.#interval.unref();
    }
    this.#size++;
    const entry = new Entry({ clock: this.#clock, delayMs, fire, onCancel: () => this.#size-- });
    this.#place(entry);
    return entry;
  }

  close(): void {
    if (this.#interval !== undefined) clearInterval(this.#interval);
    this.#interval = undefined;
    for (const slot of this.#slots) slot.clear();
    this.#size = 0;
  }

  #advance(): void {
    const nowMs = this.#clock.monotonicMs();
    const target = Math.floor(nowMs / tickMs);
    // After a long pause of the process one full turn visits every slot.
    if (target - this.#tick > slotCount) this.#tick = target - slotCount;
    while (this.#tick < target) {
      this.#tick++;
      const slot = this.#slots[this.#tick % slotCount];
      if (slot && slot.size > 0) this.#visit(slot, nowMs);
    }
    if (this.#size > 0 || this.#interval === undefined) return;
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  #visit(slot: Set<Entry>, nowMs: number): void {
    for (const entry of slot) {
      const isLaterTurn = entry.dueMs > nowMs && slotOf(entry) === this.#tick % slotCount;
      if (isLaterTurn) continue;
      slot.delete(entry);
      if (entry.dueMs > nowMs) {
        this.#place(entry);
        continue;
      }
      this.#size--;
      entry.run();
    }
  }

  #place(entry: Entry): void {
    entry.slot = this.#slots[slotOf(entry)];
    entry.slot?.add(entry);
  }
}

function slotOf(entry: Entry): number {
  return Math.ceil(entry.dueMs / tickMs) % slotCount;
}

interface EntrySettings {
  readonly clock: Clock;
  readonly delayMs: number;
  fire(): void;
  onCancel(): void;
}

class Entry implements WheelTimer {
  dueMs: number;
  slot: Set<Entry> | undefined;
  #settings: EntrySettings | undefined;

  constructor(settings: EntrySettings) {
    this.#settings = settings;
    this.dueMs = settings.clock.monotonicMs() + settings.delayMs;
  }

  cancel(): void {
    if (this.#settings === undefined) return;
    this.#settings.onCancel();
    // What the callback holds on to is let go at once.
    this.#settings = undefined;
    this.slot?.delete(this);
  }

  restart(): void {
    if (this.#settings) this.dueMs = this.#settings.clock.monotonicMs() + this.#settings.delayMs;
  }

  run(): void {
    const settings = this.#settings;
    this.#settings = undefined;
    settings?.fire();
  }
}
