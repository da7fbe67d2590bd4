/** Settings of a circuit breaker. */
export interface CircuitSettings {
  /** Opens at this many faults … */
  readonly minFaults: number;
  /** … that are at least this share of the attempts … */
  readonly minFaultShare: number;
  /** … within this window. */
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** 5 faults and 50 % within 30 s open for 30 s, doubling to 5 min. */
export const defaultCircuitSettings: CircuitSettings = {
  minFaults: 5,
  minFaultShare: 0.5,
  windowMs: 30_000,
  openMs: 30_000,
  maxOpenMs: 300_000,
};

const windowSlots = 10;

/** Circuit breaker of one endpoint, fed by attempts alone: client errors and aborts never reach it. */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #faults = new Float64Array(windowSlots);
  readonly #attempts = new Float64Array(windowSlots);
  #slotNumber = 0;
  #openUntilMs = 0;
  #openForMs = 0;
  #probing = false;
  #isOpen = false;

  constructor(settings: CircuitSettings = defaultCircuitSettings) {
    this.#settings = settings;
  }

  /** `half-open` means: the next attempt is the one probe. */
  state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (!this.#isOpen) return 'closed';
    return nowMs >= this.#openUntilMs && !this.#probing ? 'half-open' : 'open';
  }

  /** When a probe is admitted; 0 while closed. */
  get openUntilMs(): number {
    return this.#isOpen ? this.#openUntilMs : 0;
  }

  /** An attempt begins; in the half-open state it becomes the probe. */
  enter(nowMs: number): void {
    if (this.state(nowMs) === 'half-open') this.#probing = true;
  }

  /** An attempt ended without a verdict (client gone, cancelled): a probe may be tried again. */
  release(): void {
    this.#probing = false;
  }

  succeed(nowMs: number): void {
    this.#probing = false;
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#openForMs = 0;
      this.#faults.fill(0);
      this.#attempts.fill(0);
    }
    this.#count(nowMs, 0);
  }

  /** `immediately` opens at once: wrong credentials, exhausted quota, model gone. */
  fail(nowMs: number, immediately = false): void {
    this.#count(nowMs, 1);
    if (this.#isOpen) {
      if (this.#probing) this.#open(nowMs);
      this.#probing = false;
      return;
    }
    const faults = sum(this.#faults);
    const share = faults / sum(this.#attempts);
    const { minFaults, minFaultShare } = this.#settings;
    if (immediately || (faults >= minFaults && share >= minFaultShare)) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    const { openMs, maxOpenMs } = this.#settings;
    this.#openForMs = Math.min(this.#openForMs === 0 ? openMs : this.#openForMs * 2, maxOpenMs);
    this.#openUntilMs = nowMs + this.#openForMs;
    this.#isOpen = true;
  }

  #count(nowMs: number, fault: 0 | 1): void {
    const slotMs = this.#settings.windowMs / windowSlots;
    const current = Math.floor(nowMs / slotMs);
    const passed = Math.min(current - this.#slotNumber, windowSlots);
    for (let step = 1; step <= passed; step++) {
      const slot = (this.#slotNumber + step) % windowSlots;
      this.#faults[slot] = 0;
      this.#attempts[slot] = 0;
    }
    if (passed === windowSlots) {
      this.#faults.fill(0);
      this.#attempts.fill(0);
    }
    this.#slotNumber = Math.max(current, this.#slotNumber);
    const slot = this.#slotNumber % windowSlots;
    this.#faults[slot] = (this.#faults[slot] ?? 0) + fault;
    this.#attempts[slot] = (this.#attempts[slot] ?? 0) + 1;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
