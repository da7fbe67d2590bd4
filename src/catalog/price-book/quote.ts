import type { PriceTerms } from '../../domain/rating/price.ts';
import { type FlatTerms, flattenTerms, isClose } from './flat-terms.ts';
import type { QuoteObservation } from './observation.ts';

/** What one catalog says of one endpoint at present. */
export interface Quote {
  readonly source: string;
  readonly terms: PriceTerms;
  readonly flat: FlatTerms;
  /** When the catalog first carried the endpoint, without a gap. */
  readonly firstSeenMs: number;
  /** When its figures last changed; undefined when they are those it came with. */
  readonly movedAtMs: number | undefined;
  /** When it was last seen, changed or not. */
  readonly seenMs: number;
  /** When the catalog dropped the endpoint. */
  readonly removedAtMs: number | undefined;
  readonly sourceText: string;
  readonly sourceHash: string | undefined;
  readonly inexact: boolean;
}

/** The quote of an observation, as the successor of what the catalog said before. */
export function quoteOf(observation: QuoteObservation, previous: Quote | undefined, atMs: number): Quote {
  const { source, terms, sourceText, sourceHash, inexact = false } = observation;
  const flat = flattenTerms(terms);
  const hasMoved = previous !== undefined && !sameFigures(previous.flat, flat);
  return {
    source,
    terms,
    flat,
    firstSeenMs: previous?.firstSeenMs ?? atMs,
    movedAtMs: hasMoved ? atMs : previous?.movedAtMs,
    seenMs: atMs,
    removedAtMs: undefined,
    sourceText,
    sourceHash,
    inexact,
  };
}

/** Whether two prices are equal figure by figure. */
export function sameFigures(left: FlatTerms, right: FlatTerms): boolean {
  if (left.size !== right.size) return false;
  for (const [name, value] of left) if (right.get(name) !== value) return false;
  return true;
}

/** What a quote would change of the price in force: figures that nobody priced before, and figures that differ. */
export interface Proposal {
  readonly quote: Quote;
  readonly fills: readonly string[];
  readonly moves: readonly string[];
}

/** Compares a quote with the price in force. What a catalog came with may be off by the tolerance; a move may not. */
export function proposalOf(quote: Quote, accepted: FlatTerms): Proposal {
  const fills: string[] = [];
  const moves: string[] = [];
  for (const [name, value] of quote.flat) {
    const current = accepted.get(name);
    if (current === undefined) fills.push(name);
    else if (value !== current && (quote.movedAtMs !== undefined || !isClose(value, current))) moves.push(name);
  }
  return { quote, fills, moves };
}

/** What the other catalogs say about some figures of a proposal. */
export interface Support {
  /** Catalogs that say the same. */
  readonly supporters: readonly Quote[];
  /** Catalogs that say something else. */
  readonly dissenters: readonly Quote[];
}

/** Sorts the other catalogs that have these figures at all into those for the proposal and those against it. */
export function supportOf(
  quote: Quote,
  figures: readonly string[],
  { accepted, others }: { readonly accepted: FlatTerms; readonly others: Iterable<Quote> },
): Support {
  const supporters: Quote[] = [];
  const dissenters: Quote[] = [];
  for (const other of others) {
    if (other.source === quote.source || other.removedAtMs !== undefined) continue;
    const shared = figures.filter((name) => other.flat.has(name));
    if (shared.length === 0) continue;
    (shared.every((name) => isNearer(name, { quote, other, accepted })) ? supporters : dissenters).push(other);
  }
  return { supporters, dissenters };
}

/** Whether a figure of another quote is the proposed one rather than the one in force. */
function isNearer(
  name: string,
  { quote, other, accepted }: { readonly quote: Quote; readonly other: Quote; readonly accepted: FlatTerms },
): boolean {
  const proposed = quote.flat.get(name);
  const said = other.flat.get(name);
  if (proposed === undefined || said === undefined || !isClose(proposed, said)) return false;
  const current = accepted.get(name);
  return current === undefined || distance(said, proposed) < distance(said, current);
}

function distance(left: bigint, right: bigint): bigint {
  return left > right ? left - right : right - left;
}
