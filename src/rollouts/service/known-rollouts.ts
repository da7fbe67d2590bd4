import type { Database } from '../../storage/index.ts';
import { isFinished } from '../core/advance.ts';
import { readChanged, readLatest, type Rollout, writeRollouts } from './rollout-store.ts';

/** Clocks of gateways may differ by as much. */
const changedWithinMs = 60_000;
/** And what changed by a clock that differs by more is known after so long. */
const wholeEveryMs = 60_000;

/** The last rollout of each candidate in each job, as read from the database: mostly only what may have changed. */
export class KnownRollouts {
  readonly #byCandidate = new Map<string, { readonly rollout: Rollout; readonly text: string }>();
  #wholeAtMs = Number.NEGATIVE_INFINITY;
  #all: readonly Rollout[] = [];

  /** In order of making; the same array as before when nothing changed. */
  get all(): readonly Rollout[] {
    return this.#all;
  }

  /** Reads what may have changed since the last time. */
  async read(database: Database, nowMs: number): Promise<void> {
    const isDue = nowMs - this.#wholeAtMs >= wholeEveryMs;
    const changed = isDue ? [] : await readChanged(database, nowMs - changedWithinMs);
    const seen = new Set(changed.map(({ plan }) => plan.id));
    // One that runs no more by another clock is not among what runs, nor perhaps among what changed.
    if (!isDue && this.#all.every(({ plan, state }) => isFinished(state) || seen.has(plan.id)))
      return this.take(changed);
    const latest = await readLatest(database);
    this.#wholeAtMs = nowMs;
    this.take(latest);
  }

  /** Takes rollouts in as they are now. */
  take(rollouts: readonly Rollout[]): void {
    let isNews = false;
    for (const rollout of rollouts) {
      const name = candidateOf(rollout);
      const known = this.#byCandidate.get(name);
      const text = writeRollouts([rollout]);
      if (known !== undefined && (known.text === text || comesBefore(rollout, known.rollout))) continue;
      this.#byCandidate.set(name, { rollout, text });
      isNews = true;
    }
    if (!isNews) return;
    const all = [...this.#byCandidate.values()].map(({ rollout }) => rollout);
    this.#all = all.toSorted((left, right) => (comesBefore(left, right) ? -1 : 1));
  }
}

function candidateOf({ plan: { job, kind, candidate, model } }: Rollout): string {
  return JSON.stringify([job, kind, candidate, model]);
}

function comesBefore(left: Rollout, right: Rollout): boolean {
  if (left.createdAtMs !== right.createdAtMs) return left.createdAtMs < right.createdAtMs;
  return left.plan.id < right.plan.id;
}
