import type { PriceTerms } from '../../domain/rating/price.ts';
import type { BookEvent, PriceAlert } from './book-event.ts';
import type { BookPolicy, EndpointState } from './book-policy.ts';
import { changedFigures, flattenTerms, largestMovePpm, mergeTerms } from './flat-terms.ts';
import type { DynamicObservation, QuoteObservation, RemovalObservation } from './observation.ts';
import { PriceTold, type ToldMemory } from './price-told.ts';
import type { NewVersion, PriceVersion } from './price-version.ts';
import { QuoteBoard, sinceOf } from './quote-board.ts';
import { proposalOf, type Quote, quoteOf, sameFigures } from './quote.ts';
import { VersionLine } from './version-line.ts';

/** All that must survive a restart, beside the versions. */
export interface EndpointMemory {
  readonly quotes: readonly Quote[];
  readonly moves: readonly { readonly source: string; readonly from: PriceTerms; readonly sinceMs: number }[];
  readonly told: ToldMemory;
  readonly clockMs: number;
  readonly isManual: boolean;
  readonly isDynamic: boolean;
}

/** Who takes a price into use, and why. */
type Acceptance = Pick<NewVersion, 'status' | 'sources' | 'acceptedBy'>;

/**
 * The price of one endpoint through time: what catalogs say, which version rates requests, and what operators were
 * told. A function of its observations and of time alone; it never reads a clock.
 */
export class EndpointBook {
  readonly endpointId: string;
  readonly #policy: BookPolicy;
  readonly #board = new QuoteBoard();
  /** Runs of changes of one source that have not lasted yet, with the price they left. */
  readonly #moves = new Map<string, { readonly from: PriceTerms; readonly sinceMs: number }>();
  readonly #told: PriceTold;
  #line = new VersionLine();
  #clockMs = Number.NEGATIVE_INFINITY;
  #isManual = false;
  #isDynamic = false;
  #events: BookEvent[] = [];

  constructor(endpointId: string, policy: BookPolicy) {
    this.endpointId = endpointId;
    this.#policy = policy;
    this.#told = new PriceTold(endpointId);
  }

  /** Every version, oldest first: no gaps but while the price was unknown, no overlaps. */
  get versions(): readonly PriceVersion[] {
    return this.#line.all;
  }

  get quotes(): readonly Quote[] {
    return this.#board.all;
  }

  /** What one catalog says now. */
  quoteOf(source: string): Quote | undefined {
    return this.#board.of(source);
  }

  /** The version that rates a request that starts then. */
  versionAt(atMs: number): PriceVersion | undefined {
    return this.#line.at(atMs);
  }

  /** Takes in what a catalog says. An observation from before the book's own time counts from now on. */
  observe(observation: QuoteObservation | DynamicObservation | RemovalObservation): BookEvent[] {
    this.#passTime(observation.atMs);
    if (observation.kind === 'quote') this.#quote(observation, this.#clockMs);
    else this.#withdraw(observation, this.#clockMs);
    this.#evaluate(this.#clockMs);
    return this.#takeEvents();
  }

  /** Lets time pass: what lasted is told and accepted, what is gone for good is closed. */
  advance(nowMs: number): BookEvent[] {
    this.#passTime(nowMs);
    return this.#takeEvents();
  }

  /** A person sets the price; from now on no catalog changes it. */
  setManual(terms: PriceTerms, atMs: number, by: string): BookEvent[] {
    this.#passTime(atMs);
    this.#isManual = true;
    const quote = { terms, sourceText: `set by ${by}`, sourceHash: undefined, inexact: false };
    this.#open({ ...quote, seenAtMs: this.#clockMs }, { status: 'manual', sources: [by], acceptedBy: by });
    return this.#takeEvents();
  }

  /** Lets catalogs decide again; the price stays until they do. */
  releaseManual(atMs: number): BookEvent[] {
    this.#passTime(atMs);
    this.#isManual = false;
    this.#evaluate(this.#clockMs);
    return this.#takeEvents();
  }

  /** A person accepts what one catalog says; undefined when that catalog says nothing of this endpoint. */
  confirm(source: string, atMs: number, by: string): BookEvent[] | undefined {
    this.#passTime(atMs);
    const quote = this.#board.of(source);
    if (!quote || quote.removedAtMs !== undefined) return undefined;
    const { fills, moves } = proposalOf(quote, this.#line.accepted);
    this.#accept(quote, [...fills, ...moves], { status: 'confirmed', sources: [source], acceptedBy: by });
    this.#told.accept(quote.flat);
    return this.#takeEvents();
  }

  /** How far catalogs agree now. */
  state(): EndpointState {
    if (this.#isManual) return { kind: 'manual' };
    if (!this.#line.current()) {
      if (this.#isDynamic) return { kind: 'dynamic' };
      return { kind: this.versions.length > 0 ? 'deprecated' : 'unknown' };
    }
    const quotes = this.#board.live();
    const open = this.#board.proposals(this.#line.accepted).filter(({ moves }) => moves.length > 0);
    if (open.length === 0) return quotes.length > 1 ? { kind: 'agreed', sources: quotes.length } : { kind: 'single' };
    const isDisputed = open.some(({ quote, moves }) => {
      const { supporters } = this.#board.support(quote, moves, this.#line.accepted);
      return quote.movedAtMs === undefined || supporters.length > 0;
    });
    return { kind: isDisputed ? 'disputed' : 'provisional', quotes };
  }

  /** What a restart needs. */
  memory(): EndpointMemory {
    return {
      quotes: this.quotes,
      moves: [...this.#moves].map(([source, move]) => ({ source, ...move })),
      told: this.#told.memory(),
      clockMs: this.#clockMs,
      isManual: this.#isManual,
      isDynamic: this.#isDynamic,
    };
  }

  /** Becomes the book whose memory and versions these are. */
  recall(versions: readonly PriceVersion[], memory: EndpointMemory): void {
    this.#line = new VersionLine(versions);
    for (const quote of memory.quotes) this.#board.set(quote);
    for (const { source, from, sinceMs } of memory.moves) this.#moves.set(source, { from, sinceMs });
    this.#told.recall(memory.told);
    this.#clockMs = memory.clockMs;
    this.#isManual = memory.isManual;
    this.#isDynamic = memory.isDynamic;
  }

  #quote(observation: QuoteObservation, atMs: number): void {
    this.#isDynamic = false;
    const isFirst = !this.#line.current();
    const previous = isFirst ? undefined : this.#board.of(observation.source);
    const quote = quoteOf(observation, previous, atMs);
    this.#board.set(quote);
    if (isFirst) {
      this.#moves.clear();
      const seen = { ...quote, seenAtMs: observation.atMs };
      this.#open(seen, { status: 'single', sources: [quote.source], acceptedBy: 'rules' });
      this.#told.accept(quote.flat);
    } else if (previous && !sameFigures(previous.flat, quote.flat)) this.#move(previous, quote, atMs);
  }

  /** Changes of one source in quick succession are one move; one that returns to where it began is none. */
  #move(previous: Quote, quote: Quote, atMs: number): void {
    const from = this.#moves.get(quote.source)?.from ?? previous.terms;
    const figures = changedFigures(flattenTerms(from), quote.flat);
    if (figures.length === 0 || this.#told.knows(quote.flat, figures)) this.#moves.delete(quote.source);
    else this.#moves.set(quote.source, { from, sinceMs: atMs });
  }

  #withdraw(observation: DynamicObservation | RemovalObservation, atMs: number): void {
    const quote = this.#board.of(observation.source);
    if (observation.kind === 'dynamic') this.#isDynamic = this.#board.live().every((live) => live === quote);
    if (quote && quote.removedAtMs === undefined) this.#board.set({ ...quote, removedAtMs: atMs });
  }

  #passTime(nowMs: number): void {
    for (const dueMs of this.#dueTimes(nowMs)) {
      this.#clockMs = dueMs;
      this.#evaluate(dueMs);
    }
    if (nowMs > this.#clockMs) this.#clockMs = nowMs;
  }

  /** Instants up to now at which something lasts, becomes stale or is gone for good. */
  #dueTimes(nowMs: number): number[] {
    const { lastingMs, staleMs } = this.#policy;
    const times: number[] = [];
    for (const { sinceMs } of this.#moves.values()) times.push(sinceMs + lastingMs);
    for (const quote of this.quotes) {
      times.push(sinceOf(quote) + lastingMs, quote.firstSeenMs + lastingMs, quote.seenMs + staleMs);
      if (quote.removedAtMs !== undefined) times.push(quote.removedAtMs + lastingMs);
    }
    const due = times.filter((time) => time > this.#clockMs && time <= nowMs);
    return [...new Set(due)].sort((left, right) => left - right);
  }

  #evaluate(atMs: number): void {
    if (!this.#isManual) {
      this.#deprecate(atMs);
      for (const { quote } of this.#board.proposals(this.#line.accepted)) this.#judge(quote, atMs);
    }
    this.#tellMoves(atMs);
    this.#tellContradictions(atMs);
  }

  /** Closes the price of an endpoint that no catalog carries any more. */
  #deprecate(atMs: number): void {
    const goneMs = this.#board.goneSinceMs();
    if (!this.#line.current() || goneMs === undefined || atMs < goneMs + this.#policy.lastingMs) return;
    const sources = this.quotes.map(({ source }) => source);
    this.#events.push(...this.#line.close(atMs), this.#told.removed({ seenAtMs: goneMs, atMs, sources }));
    this.#moves.clear();
  }

  /** Takes into use what holds of a quote; each acceptance changes what the next quote proposes. */
  #judge(quote: Quote, atMs: number): void {
    if (!this.#line.current()) return;
    const { moves } = proposalOf(quote, this.#line.accepted);
    if (moves.length > 0) this.#judgeMoves(quote, moves, atMs);
    const { fills } = proposalOf(quote, this.#line.accepted);
    if (fills.length > 0) this.#judgeFills(quote, fills, atMs);
  }

  /** A price that moved needs a second source, and nobody who still says otherwise. */
  #judgeMoves(quote: Quote, moves: readonly string[], atMs: number): void {
    const { supporters, dissenters } = this.#board.support(quote, moves, this.#line.accepted);
    const isContested = this.#hasFresh(dissenters, atMs);
    const sources = [quote, ...supporters].map(({ source }) => source);
    if (supporters.length > 0) {
      this.#tellConfirmed(quote, moves, { sources, atMs, kind: isContested ? 'price_disputed' : 'price_changed' });
      if (!isContested) this.#accept(quote, moves, { status: 'agreed', sources, acceptedBy: 'rules' });
    } else if (!isContested && this.#hasLasted(quote, atMs) && this.#isWithinCap(quote, moves)) {
      this.#accept(quote, moves, { status: 'auto', sources, acceptedBy: 'rules' });
    }
  }

  /** A figure that had no price is taken from a second source, or from one that stays with it uncontradicted. */
  #judgeFills(quote: Quote, fills: readonly string[], atMs: number): void {
    const { supporters, dissenters } = this.#board.support(quote, fills, this.#line.accepted);
    if (this.#hasFresh(dissenters, atMs) || (supporters.length === 0 && !this.#hasLasted(quote, atMs))) return;
    const sources = [quote, ...supporters].map(({ source }) => source);
    const status = supporters.length > 0 ? 'agreed' : 'single';
    this.#accept(quote, fills, { status, sources, acceptedBy: 'rules' });
  }

  #hasLasted(quote: Quote, atMs: number): boolean {
    return atMs >= sinceOf(quote) + this.#policy.lastingMs;
  }

  #hasFresh(quotes: readonly Quote[], atMs: number): boolean {
    return quotes.some(({ seenMs }) => atMs < seenMs + this.#policy.staleMs);
  }

  #isWithinCap(quote: Quote, moves: readonly string[]): boolean {
    const { autoCapPpm } = this.#policy;
    if (autoCapPpm === undefined || quote.movedAtMs === undefined) return false;
    const move = largestMovePpm(this.#line.accepted, quote.flat, moves);
    return move !== undefined && move <= autoCapPpm;
  }

  #tellConfirmed(
    quote: Quote,
    figures: readonly string[],
    { sources, atMs, kind }: { sources: readonly string[]; atMs: number; kind: PriceAlert['kind'] },
  ): void {
    const seenAtMs = this.#moves.get(quote.source)?.sinceMs ?? sinceOf(quote);
    const move = { from: this.#line.accepted, to: quote.flat, figures, sources, atMs, seenAtMs, kind };
    this.#events.push(...this.#told.confirmed(move));
    for (const source of sources) this.#moves.delete(source);
  }

  /** A move that nobody took back in time is shown, once. */
  #tellMoves(atMs: number): void {
    for (const [source, { from, sinceMs }] of this.#moves) {
      const quote = this.#board.of(source);
      if (!quote || quote.removedAtMs !== undefined || atMs < sinceMs + this.#policy.lastingMs) continue;
      this.#moves.delete(source);
      const before = flattenTerms(from);
      const figures = changedFigures(before, quote.flat);
      const move = { from: before, to: quote.flat, figures, sources: [source], atMs, seenAtMs: sinceMs };
      this.#events.push(...this.#told.lasted({ ...move, kind: 'price_changed' }));
    }
  }

  /** A catalog that came with another price and stays with it is shown, once. */
  #tellContradictions(atMs: number): void {
    const { accepted } = this.#line;
    for (const { quote, moves } of this.#board.proposals(accepted)) {
      const isStanding = quote.movedAtMs === undefined && moves.length > 0;
      if (!isStanding || !this.#hasLasted(quote, atMs)) continue;
      const said = { from: accepted, to: quote.flat, figures: moves, sources: [quote.source], atMs };
      this.#events.push(...this.#told.disputed({ ...said, seenAtMs: quote.firstSeenMs, kind: 'price_disputed' }));
    }
  }

  /** Figures that no catalog carries any more leave with the next version. */
  #accept(quote: Quote, figures: readonly string[], by: Acceptance): void {
    const current = this.#line.current();
    const gone = this.#board.withoutCarrier(this.#line.accepted.keys());
    const terms = current ? mergeTerms(current.price, quote.terms, new Set([...figures, ...gone])) : quote.terms;
    if (current && sameFigures(this.#line.accepted, flattenTerms(terms))) return;
    this.#open({ ...quote, terms, seenAtMs: sinceOf(quote) }, by);
  }

  #open(from: Pick<NewVersion, 'terms' | 'seenAtMs' | 'sourceText' | 'sourceHash' | 'inexact'>, by: Acceptance): void {
    const { terms, seenAtMs, sourceText, sourceHash, inexact } = from;
    const { endpointId } = this;
    const kept = { endpointId, terms, seenAtMs, sourceText, sourceHash, inexact, validFromMs: this.#clockMs };
    this.#events.push(...this.#line.open({ ...kept, ...by }));
  }

  #takeEvents(): BookEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
