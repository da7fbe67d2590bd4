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
  /** Admission of the attempt that probes; 0 when none does. */
  #probe = 0;
  #lastAdmission = 0;
  #isOpen = false;

  constructor(settings: CircuitSettings = defaultCircuitSettings) {
    this.#settings = settings;
  }

  /** `half-open` means: the next attempt is the one probe. */
  state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (!this.#isOpen) return 'closed';
    return nowMs >= this.#openUntilMs && this.#probe === 0 ? 'half-open' : 'open';
  }

  /** When a probe is admitted; 0 while closed. */
  get openUntilMs(): number {
    return this.#isOpen ? this.#openUntilMs : 0;
  }

  /**
   * An attempt begins; in the half-open state it becomes the probe. Its end says so with the admission returned here: 0
   * while the circuit is closed, else a number of its own.
   */
  enter(nowMs: number): number {
    if (!this.#isOpen) return 0;
    this.#lastAdmission++;
    if (this.state(nowMs) === 'half-open') this.#probe = this.#lastAdmission;
    return this.#lastAdmission;
  }

  /** An attempt ended without a verdict (client gone, cancelled): if it was the probe, another may be tried. */
  release(admission = 0): void {
    if (admission !== 0 && admission === this.#probe) this.#probe = 0;
  }

  /** Only what began after the circuit had opened can close it: a long answer from before says nothing new. */
  succeed(nowMs: number, admission = 0): void {
    if (this.#isOpen && admission !== 0) {
      this.#isOpen = false;
      this.#probe = 0;
      this.#openForMs = 0;
      this.#faults.fill(0);
      this.#attempts.fill(0);
    }
    this.#count(nowMs, 0);
  }

  /** `immediately` opens at once: wrong credentials, exhausted quota, model gone. */
  fail(nowMs: number, immediately = false, admission = 0): void {
    this.#count(nowMs, 1);
    if (this.#isOpen) {
      if (admission === 0 || admission !== this.#probe) return;
      this.#probe = 0;
      return this.#open(nowMs);
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
