import type { Fault } from '../../domain/faults/fault.ts';
import type { Counter } from './counter.ts';
import type { LeaseSource, RefillOutcome } from './lease-source.ts';
import { budgetExceeded, budgetUnavailable } from './refusal.ts';

/** Something that waits until an amount fits. */
export interface Waiting {
  readonly amountNanos: bigint;
  counters(): readonly Counter[];
  /** Takes the amount and ends the wait, or answers the counter that is short. */
  attempt(): Counter | undefined;
  refuse(fault: Fault): void;
}

interface Line {
  readonly waiting: Waiting[];
  totalNanos: bigint;
}

/** How long and how many may wait. */
export interface WaitingLimits {
  readonly maxWaitMs: number;
  readonly maxWaiting: number;
}

/**
 * One line per counter that is short: those in it are served in the order they came, after one question to the
 * database for all of them.
 */
export class WaitingLines {
  readonly #leases: LeaseSource;
  readonly #limits: WaitingLimits;
  readonly #lines = new Map<Counter, Line>();
  #count = 0;

  constructor(leases: LeaseSource, limits: WaitingLimits) {
    this.#leases = leases;
    this.#limits = limits;
  }

  /** Joins the line of the counter that is short. */
  join(short: Counter, waiting: Waiting): void {
    if (this.#count >= this.#limits.maxWaiting) {
      waiting.refuse(budgetUnavailable('too many requests wait for it'));
      return;
    }
    this.#count++;
    const line = this.#lines.get(short);
    if (line !== undefined) {
      line.waiting.push(waiting);
      line.totalNanos += waiting.amountNanos;
      return;
    }
    const fresh = { waiting: [waiting], totalNanos: waiting.amountNanos };
    this.#lines.set(short, fresh);
    void this.#serve(short, fresh);
  }

  async #serve(counter: Counter, line: Line): Promise<void> {
    for (let head = line.waiting[0]; head !== undefined; head = line.waiting[0]) {
      const refusal = await this.#refillFor(head, line);
      this.#admitFitting(counter, line);
      if (refusal === undefined || line.waiting[0] !== head) continue;
      this.#leave(line);
      head.refuse(refusal);
    }
    this.#lines.delete(counter);
  }

  #admitFitting(counter: Counter, line: Line): void {
    for (let head = line.waiting[0]; head !== undefined; head = line.waiting[0]) {
      const short = head.attempt();
      if (short === counter) return;
      this.#leave(line);
      if (short !== undefined) this.join(short, head);
    }
  }

  #leave(line: Line): void {
    const left = line.waiting.shift();
    if (left === undefined) return;
    line.totalNanos -= left.amountNanos;
    this.#count--;
  }

  /** Asks for every counter that is short, on behalf of the whole line. */
  async #refillFor({ amountNanos, counters }: Waiting, line: Line): Promise<Fault | undefined> {
    if (!this.#leases.isValid()) return budgetUnavailable('this gateway could not renew its lease');
    const short = counters().filter((counter) => counter.rule.isHard && !counter.fits(amountNanos));
    const need = { amountNanos, wantedNanos: line.totalNanos };
    const outcomes = await this.#inTime(Promise.all(short.map((counter) => this.#leases.refill(counter, need))));
    for (const [index, outcome] of outcomes.entries()) {
      const counter = short[index];
      if (counter !== undefined && outcome !== 'granted') return refusalOf(outcome, counter, amountNanos);
    }
    return undefined;
  }

  async #inTime(refills: Promise<RefillOutcome[]>): Promise<RefillOutcome[]> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<RefillOutcome[]>((resolve) => {
      timer = setTimeout(resolve, this.#limits.maxWaitMs, ['unavailable']);
    });
    const outcomes = await Promise.race([refills, tooLate]);
    clearTimeout(timer);
    return outcomes;
  }
}

function refusalOf(outcome: Exclude<RefillOutcome, 'granted'>, counter: Counter, amountNanos: bigint): Fault {
  if (outcome === 'exhausted') return budgetExceeded(counter, amountNanos);
  return outcome === 'in_doubt'
    ? budgetUnavailable('the share of a gateway that stopped is not accounted for yet')
    : budgetUnavailable('its database does not answer');
}
