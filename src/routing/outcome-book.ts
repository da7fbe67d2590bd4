import type { OutcomeFact } from '../domain/facts.ts';

/** Evidence gathered for one model in one job. */
export interface Evidence {
  readonly mean: number;
  readonly outcomes: number;
}

interface Tally {
  sum: number;
  count: number;
}

/** Before any outcome every model is believed to succeed this often, with the weight of two outcomes. */
const priorMean = 0.8;
const priorWeight = 2;
const maxTallies = 100_000;
const maxRecent = 200_000;

/** What outcomes say about models per job: a projection of the journal's outcome facts. */
export class OutcomeBook {
  readonly #tallies = new Map<string, Tally>();
  readonly #seen = new Set<string>();
  #version = 0;

  /** Changes with every outcome; recorded with decisions. */
  get version(): number {
    return this.#version;
  }

  /** Counts an outcome once; false when its idempotency key was seen before or it says nothing about a job. */
  note(outcome: OutcomeFact): boolean {
    const { idempotencyKey, value, job, model } = outcome;
    if (value === undefined || job === undefined || model === undefined) return false;
    if (idempotencyKey !== undefined) {
      if (this.#seen.has(idempotencyKey)) return false;
      if (this.#seen.size >= maxRecent) this.#seen.clear();
      this.#seen.add(idempotencyKey);
    }
    const name = tallyName(job, model);
    const tally = this.#tallies.get(name) ?? { sum: 0, count: 0 };
    tally.sum += value;
    tally.count += 1;
    if (this.#tallies.size < maxTallies) this.#tallies.set(name, tally);
    this.#version++;
    return true;
  }

  /** Posterior mean under the prior: few outcomes move it little. */
  evidence(job: string, model: string): Evidence {
    const tally = this.#tallies.get(tallyName(job, model)) ?? { sum: 0, count: 0 };
    const mean = (tally.sum + priorMean * priorWeight) / (tally.count + priorWeight);
    return { mean, outcomes: tally.count };
  }
}

function tallyName(job: string, model: string): string {
  return `${job}\u0000${model}`;
}
