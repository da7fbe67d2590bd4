import type { OutcomeFact } from '../domain/facts/facts.ts';

const maxRecent = 200_000;
const maxPerRequest = 100;

/** Outcomes as they were told, by request and by idempotency key: a projection of the journal's outcome facts. */
export class OutcomeBook {
  readonly #byKey = new Map<string, OutcomeFact>();
  readonly #byRequest = new Map<string, OutcomeFact[]>();
  readonly #noted: (outcome: OutcomeFact) => void;

  /** `noted` hears of every outcome that is new. */
  constructor(noted: (outcome: OutcomeFact) => void = () => undefined) {
    this.#noted = noted;
  }

  /** The outcome posted before under the same key, if any. */
  posted(idempotencyKey: string): OutcomeFact | undefined {
    return this.#byKey.get(idempotencyKey);
  }

  /** Outcomes of one request, oldest first. */
  of(requestId: string): readonly OutcomeFact[] {
    return this.#byRequest.get(requestId) ?? [];
  }

  /** Takes an outcome in once; false when its idempotency key was seen before. */
  note(outcome: OutcomeFact): boolean {
    const { idempotencyKey } = outcome;
    if (idempotencyKey !== undefined) {
      if (this.#byKey.has(idempotencyKey)) return false;
      makeRoom(this.#byKey);
      this.#byKey.set(idempotencyKey, outcome);
    }
    this.#remember(outcome);
    this.#noted(outcome);
    return true;
  }

  #remember(outcome: OutcomeFact): void {
    const known = this.#byRequest.get(outcome.requestId);
    if (!known) {
      makeRoom(this.#byRequest);
      this.#byRequest.set(outcome.requestId, [outcome]);
    } else if (known.length < maxPerRequest) known.push(outcome);
  }
}

/** Forgets the oldest entry of a full map. */
function makeRoom(map: Map<string, unknown>): void {
  if (map.size < maxRecent) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
