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
const maxPerRequest = 100;

/** What outcomes say about models per job: a projection of the journal's outcome facts. */
export class OutcomeBook {
  readonly #tallies = new Map<string, Tally>();
  readonly #byKey = new Map<string, OutcomeFact>();
  readonly #byRequest = new Map<string, OutcomeFact[]>();
  #version = 0;

  /** Changes with every outcome; recorded with decisions. */
  get version(): number {
    return this.#version;
  }

  /** The outcome posted before under the same key, if any. */
  posted(idempotencyKey: string): OutcomeFact | undefined {
    return this.#byKey.get(idempotencyKey);
  }

  /** Outcomes of one request, oldest first. */
  of(requestId: string): readonly OutcomeFact[] {
    return this.#byRequest.get(requestId) ?? [];
  }

  /** Counts an outcome once; false when its idempotency key was seen before or it says nothing about a job. */
  note(outcome: OutcomeFact): boolean {
    const { idempotencyKey, value, job, model } = outcome;
    if (idempotencyKey !== undefined) {
      if (this.#byKey.has(idempotencyKey)) return false;
      makeRoom(this.#byKey);
      this.#byKey.set(idempotencyKey, outcome);
    }
    this.#remember(outcome);
    if (value === undefined || job === undefined || model === undefined) return false;
    const name = tallyName(job, model);
    const tally = this.#tallies.get(name) ?? { sum: 0, count: 0 };
    tally.sum += value;
    tally.count += 1;
    if (this.#tallies.size < maxTallies) this.#tallies.set(name, tally);
    this.#version++;
    return true;
  }

  #remember(outcome: OutcomeFact): void {
    const known = this.#byRequest.get(outcome.requestId);
    if (!known) {
      makeRoom(this.#byRequest);
      this.#byRequest.set(outcome.requestId, [outcome]);
    } else if (known.length < maxPerRequest) known.push(outcome);
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

/** Forgets the oldest entry of a full map. */
function makeRoom(map: Map<string, unknown>): void {
  if (map.size < maxRecent) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
