/** Why a process must go. */
export type WatchdogVerdict = 'fine' | 'stuck' | 'too_large' | 'worn';

/** One look at a process. */
export interface Vitals {
  readonly nowMs: number;
  /** CPU time that the process has used in all; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
  readonly rssMb: number | undefined;
  readonly inFlight: number;
  readonly requests: number;
}

/** Bounds that the watchdog keeps. */
export interface WatchdogLimits {
  readonly cpuMs: number;
  readonly recycleRssMb: number;
  readonly recycleRequests: number;
}

const missesBeforeKill = 2;
/** A process that does not answer for this many times its CPU limit is dead even if it uses no CPU. */
const patience = 5;

/**
 * Judges one process by pings and by what the system says of it. Pings are answered outside of guest code but on its
 * thread, so that one without an answer means that guest code keeps the thread. Its CPU time tells a guest that spins
 * from a machine that is busy.
 */
export class Watchdog {
  readonly #limits: WatchdogLimits;
  #misses = 0;
  #answered: Pick<Vitals, 'nowMs' | 'cpuMs'>;

  constructor(limits: WatchdogLimits, now: Pick<Vitals, 'nowMs' | 'cpuMs'>) {
    this.#limits = limits;
    this.#answered = now;
  }

  /** A ping came back. */
  answered(now: Pick<Vitals, 'nowMs' | 'cpuMs'>): void {
    this.#misses = 0;
    this.#answered = now;
  }

  /** A ping is still out when the next one is due. */
  missed(): void {
    this.#misses++;
  }

  /** How long the process has been silent, in CPU time of its own where that is known. */
  stallMs(vitals: Pick<Vitals, 'nowMs' | 'cpuMs'>): number {
    const { nowMs, cpuMs } = this.#answered;
    if (vitals.cpuMs === undefined || cpuMs === undefined) return vitals.nowMs - nowMs;
    return vitals.cpuMs - cpuMs;
  }

  judge(vitals: Vitals): WatchdogVerdict {
    const { cpuMs, recycleRssMb, recycleRequests } = this.#limits;
    if (this.#misses >= missesBeforeKill && vitals.inFlight > 0) {
      const silentMs = vitals.nowMs - this.#answered.nowMs;
      if (this.stallMs(vitals) >= cpuMs || silentMs >= patience * cpuMs) return 'stuck';
    }
    if (vitals.rssMb !== undefined && vitals.rssMb >= 2 * recycleRssMb) return 'too_large';
    if (vitals.requests >= recycleRequests || (vitals.rssMb ?? 0) >= recycleRssMb) return 'worn';
    return 'fine';
  }
}
