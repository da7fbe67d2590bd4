import type { OpenFact } from '../../domain/facts/facts.ts';

const maxIds = 200_000;

/** Requests by the ids that clients gave them: a bounded projection of the journal's openings, the latest kept. */
export class ExternalIds {
  readonly #requests = new Map<string, string>();

  note({ customer, externalId, requestId }: Pick<OpenFact, 'customer' | 'externalId' | 'requestId'>): void {
    if (externalId === undefined) return;
    const name = nameOf(customer, externalId);
    this.#requests.delete(name);
    this.#requests.set(name, requestId);
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > maxIds && oldest !== undefined) this.#requests.delete(oldest);
  }

  /** The latest request of the customer under this id. */
  find(customer: string, externalId: string): string | undefined {
    return this.#requests.get(nameOf(customer, externalId));
  }
}

function nameOf(customer: string, externalId: string): string {
  return `${customer}\u0000${externalId}`;
}
