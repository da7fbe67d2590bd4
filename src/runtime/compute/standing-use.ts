import { addComputeUse, type ComputeUse } from '../../domain/rating/compute.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ComputeDesk, ComputeHold, ComputePayer } from './compute-desk.ts';

/** What use of long-lived things is charged with. */
export interface StandingUseDeps {
  readonly desk: ComputeDesk;
  readonly kind: 'app' | 'sandbox';
  /** Who pays; undefined for what nobody knows any more. */
  payerOf(subject: string): Promise<ComputePayer | undefined>;
  /** Told of facts that could not be written; what was used stays noted. */
  troubled(error: unknown): void;
}

const flushEveryMs = 10_000;
const mostSubjects = 10_000;
/** Held for the next interval: one core, and as much memory as a process may have before it is replaced. */
const intervalUse: ComputeUse = {
  cpuMs: flushEveryMs,
  wallMs: flushEveryMs,
  memoryMibMs: 512 * flushEveryMs,
  egressBytes: 0,
};

/**
 * Charges what lives for long, interval by interval, and says what may not go on because its payer's limits are used
 * up. Each interval is held before it begins, so that limits are passed by the end of one interval at most.
 */
export class StandingUse {
  readonly #deps: StandingUseDeps;
  #uses = new Map<string, ComputeUse>();
  readonly #holds = new Map<string, ComputeHold>();
  readonly #refused = new Set<string>();
  /** Of what was begun, until the interval in which it ended is charged. */
  readonly #payers = new Map<string, ComputePayer>();
  readonly #ended = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: StandingUseDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.flush(), flushEveryMs);
    this.#timer.unref();
  }

  get isMetering(): boolean {
    return this.#deps.desk.isMetering;
  }

  /** Holds the first interval of something new. Throws `budget_exceeded` when nothing is left for it. */
  async begin(subject: string, payer: ComputePayer): Promise<void> {
    if (!this.isMetering) return;
    const hold = await this.#deps.desk.admit(payer, intervalUse);
    this.#holds.get(subject)?.release();
    this.#holds.set(subject, hold);
    this.#payers.set(subject, payer);
    this.#ended.delete(subject);
    this.#refused.delete(subject);
  }

  /** Says that something is over; what it used is charged with the interval. */
  end(subject: string): void {
    if (this.#payers.has(subject)) this.#ended.add(subject);
  }

  /** Adds what something used since it was last noted. What is refused uses nothing that it could be charged for. */
  note(subject: string, use: Partial<ComputeUse>): void {
    if (!this.isMetering || this.#refused.has(subject)) return;
    const whole = { cpuMs: null, wallMs: 0, memoryMibMs: null, egressBytes: 0, ...use };
    const before = this.#uses.get(subject);
    if (before === undefined && this.#uses.size >= mostSubjects) return;
    this.#uses.set(subject, before ? addComputeUse(before, whole) : whole);
  }

  /** Whether the limits of who pays are used up. */
  isRefused(subject: string): boolean {
    return this.#refused.has(subject);
  }

  /** Charges everything that was noted; one flush at a time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  /** Charges what is left and gives back what is held. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    for (const hold of this.#holds.values()) hold.release();
    this.#holds.clear();
  }

  async #flush(): Promise<void> {
    const uses = this.#uses;
    this.#uses = new Map();
    for (const subject of this.#refused) await this.#admit(subject);
    const ended = [...this.#ended];
    for (const [subject, hold] of this.#holds) {
      // What was begun keeps its hold until it is over.
      if (uses.has(subject) || this.#payers.has(subject)) continue;
      hold.release();
      this.#holds.delete(subject);
    }
    for (const [subject, use] of uses) await this.#charge(subject, use);
    for (const subject of ended) this.#forget(subject);
  }

  #forget(subject: string): void {
    if (!this.#ended.delete(subject)) return;
    this.#holds.get(subject)?.release();
    this.#holds.delete(subject);
    this.#payers.delete(subject);
    this.#refused.delete(subject);
  }

  async #charge(subject: string, use: ComputeUse): Promise<void> {
    const { kind, troubled } = this.#deps;
    const hold = this.#holds.get(subject) ?? (await this.#admit(subject));
    // Nobody could be asked: it is charged with the next interval.
    if (hold === 'later') return this.note(subject, use);
    if (hold === undefined) return;
    this.#holds.delete(subject);
    const whole = {
      ...use,
      cpuMs: use.cpuMs === null ? null : Math.round(use.cpuMs),
      wallMs: Math.round(use.wallMs),
      memoryMibMs: use.memoryMibMs === null ? null : Math.round(use.memoryMibMs),
    };
    await hold.settle({ kind, subject }, whole).catch(troubled);
    await this.#admit(subject);
  }

  /** Holds the next interval; what cannot be held for must stop. */
  async #admit(subject: string): Promise<ComputeHold | 'later' | undefined> {
    const { desk, payerOf, troubled } = this.#deps;
    try {
      const payer = this.#payers.get(subject) ?? (await payerOf(subject));
      const hold = payer && (await desk.admit(payer, intervalUse));
      this.#refused.delete(subject);
      if (hold) this.#holds.set(subject, hold);
      return hold;
    } catch (error) {
      if (Fault.is(error) && error.code === 'budget_exceeded') {
        this.#refused.add(subject);
        return undefined;
      }
      troubled(error);
      return 'later';
    }
  }
}
