const minuteMs = 60_000;
/** Amounts are told apart by the slot in which they were taken: a minute is counted as 60 to 60.25 s. */
const slotMs = 250;
const slotsPerMinute = minuteMs / slotMs;

/** How long what was taken goes on counting, at most. */
export const rateWindowMs = minuteMs + slotMs;

/** What was taken of an allowance in the last minute: unlike a level that refills, it lets in no more in any minute. */
export class RateWindow {
  #limit: number;
  #used = 0;
  /** Amounts by slot, the oldest first. */
  readonly #slots = new Map<number, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  setLimit(limit: number): void {
    this.#limit = limit;
  }

  /** Taken in the last minute. */
  used(nowMs: number): number {
    const oldest = slotOf(nowMs) - slotsPerMinute;
    for (const [slot, amount] of this.#slots) {
      if (slot >= oldest) break;
      this.#slots.delete(slot);
      this.#used -= amount;
    }
    return this.#used;
  }

  take(amount: number, nowMs: number): void {
    const slot = slotOf(nowMs);
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + amount);
    this.#used += amount;
  }

  /** Takes what is there at most. */
  takeUpTo(amount: number, nowMs: number): void {
    this.take(Math.max(0, Math.min(amount, this.#limit - this.used(nowMs))), nowMs);
  }

  /** Gives back a part of what was taken at that time; what counts no more is gone. */
  giveBack(amount: number, takenAtMs: number): void {
    const slot = slotOf(takenAtMs);
    const taken = this.#slots.get(slot);
    if (taken === undefined) return;
    const returned = Math.min(amount, taken);
    this.#slots.set(slot, taken - returned);
    this.#used -= returned;
  }

  /** Time until `amount` fits, milliseconds; what is larger than the limit waits for a minute without use. */
  waitMs(amount: number, nowMs: number): number {
    let missing = this.used(nowMs) + Math.min(amount, this.#limit) - this.#limit;
    if (missing <= 0) return 0;
    for (const [slot, taken] of this.#slots) {
      missing -= taken;
      if (missing <= 0) return (slot + 1 + slotsPerMinute) * slotMs - nowMs;
    }
    return minuteMs;
  }
}

function slotOf(nowMs: number): number {
  return Math.floor(nowMs / slotMs);
}
