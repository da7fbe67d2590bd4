import type { FlatTerms } from './flat-terms.ts';
import { type Proposal, proposalOf, type Quote, type Support, supportOf } from './quote.ts';

/** What every catalog says of one endpoint. */
export class QuoteBoard {
  readonly #quotes = new Map<string, Quote>();

  get all(): readonly Quote[] {
    return [...this.#quotes.values()];
  }

  of(source: string): Quote | undefined {
    return this.#quotes.get(source);
  }

  set(quote: Quote): void {
    this.#quotes.set(quote.source, quote);
  }

  /** Quotes of the catalogs that carry the endpoint now. */
  live(): Quote[] {
    return this.all.filter(({ removedAtMs }) => removedAtMs === undefined);
  }

  /** What each live quote would change, in the order in which they came to say so. */
  proposals(accepted: FlatTerms): Proposal[] {
    return this.live()
      .map((quote) => proposalOf(quote, accepted))
      .filter(({ fills, moves }) => fills.length > 0 || moves.length > 0)
      .sort((left, right) => sinceOf(left.quote) - sinceOf(right.quote));
  }

  /** What the other catalogs say about some figures of a quote. */
  support(quote: Quote, figures: readonly string[], accepted: FlatTerms): Support {
    return supportOf(quote, figures, { accepted, others: this.#quotes.values() });
  }

  /** When the last catalog dropped the endpoint; undefined while one carries it, or none ever did. */
  goneSinceMs(): number | undefined {
    let goneMs: number | undefined;
    for (const { removedAtMs } of this.#quotes.values()) {
      if (removedAtMs === undefined) return undefined;
      goneMs = Math.max(goneMs ?? removedAtMs, removedAtMs);
    }
    return goneMs;
  }

  /** Figures that no catalog that carries the endpoint names any more. */
  withoutCarrier(figures: Iterable<string>): string[] {
    const live = this.live();
    return [...figures].filter((name) => !live.some(({ flat }) => flat.has(name)));
  }
}

/** Since when a catalog says what it says. */
export function sinceOf(quote: Quote): number {
  return quote.movedAtMs ?? quote.firstSeenMs;
}
