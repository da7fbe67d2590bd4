import type { Clock } from './clock.ts';

/** A scheduled call that can be cancelled or pushed back. */
export interface WheelTimer {
  cancel(): void;
  /** Counts the delay anew from now. O(1) without touching the wheel, so it may be called per chunk. */
  restart(): void;
}

interface Entry extends WheelTimer {
  dueMs: number;
  delayMs: number;
  live: boolean;
  fire: (() => void) | undefined;
  slot: Set<Entry> | undefined;
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
  const slots: Set<Entry>[] = Array.from({ length: slotCount }, () => new Set());
  let size = 0;
  let interval: NodeJS.Timeout | undefined;
  let tick = Math.floor(clock.monotonicMs() / tickMs);

  const stopWhenIdle = (): void => {
    if (size > 0 || interval === undefined) return;
    clearInterval(interval);
    interval = undefined;
  };

  const place = (entry: Entry): void => {
    entry.slot = slots[Math.ceil(entry.dueMs / tickMs) % slotCount];
    entry.slot?.add(entry);
  };

  const visit = (slot: Set<Entry>, nowMs: number): void => {
    for (const entry of slot) {
      const isLaterTurn = entry.dueMs > nowMs && Math.ceil(entry.dueMs / tickMs) % slotCount === tick % slotCount;
      if (isLaterTurn) continue;
      slot.delete(entry);
      if (entry.dueMs > nowMs) {
        place(entry);
        continue;
      }
      entry.live = false;
      size--;
      const fire = entry.fire;
      entry.fire = undefined;
      fire?.();
    }
  };

  const advance = (): void => {
    const nowMs = clock.monotonicMs();
    const target = Math.floor(nowMs / tickMs);
    // After a long pause of the process one full turn visits every slot.
    if (target - tick > slotCount) tick = target - slotCount;
    while (tick < target) {
      tick++;
      const slot = slots[tick % slotCount];
      if (slot && slot.size > 0) visit(slot, nowMs);
    }
    stopWhenIdle();
  };

  return {
    after(delayMs, fire) {
      if (interval === undefined) {
        tick = Math.floor(clock.monotonicMs() / tickMs);
        interval = setInterval(advance, tickMs);
        interval.unref();
      }
      const entry: Entry = {
        dueMs: clock.monotonicMs() + delayMs,
        delayMs,
        live: true,
        fire,
        slot: undefined,
        cancel() {
          if (!entry.live) return;
          entry.live = false;
          entry.fire = undefined;
          entry.slot?.delete(entry);
          size--;
        },
        restart() {
          entry.dueMs = clock.monotonicMs() + entry.delayMs;
        },
      };
      size++;
      place(entry);
      return entry;
    },
    get size() {
      return size;
    },
    close() {
      if (interval !== undefined) clearInterval(interval);
      interval = undefined;
      for (const slot of slots) slot.clear();
      size = 0;
    },
  };
}
