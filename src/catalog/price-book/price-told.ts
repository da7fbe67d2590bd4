import type { BookEvent, FigureMove, PriceAlert } from './book-event.ts';
import { type FlatTerms, isClose } from './flat-terms.ts';
import { digestId } from './price-version.ts';

/** A move as it is told. */
export interface ToldMove {
  readonly from: FlatTerms;
  readonly to: FlatTerms;
  readonly figures: readonly string[];
  readonly sources: readonly string[];
  readonly kind: PriceAlert['kind'];
  readonly atMs: number;
  readonly seenAtMs: number;
}

/** What was told last and can still become worth paging. */
export interface LastAlert {
  readonly id: string;
  readonly figures: readonly string[];
  readonly severity: PriceAlert['severity'];
}

/** What a restart needs. */
export interface ToldMemory {
  readonly known: ReadonlyMap<string, bigint>;
  readonly disputes: readonly string[];
  readonly last: LastAlert | undefined;
}

/** Contradictions remembered as told; beyond that they may be told again. */
const maxDisputes = 64;

/**
 * What operators know of an endpoint's price. Each move is told once, whichever sources see it and whether or not it is
 * accepted: first as a notice when it has lasted, or at once as a page when two sources see it.
 */
export class PriceTold {
  readonly #endpointId: string;
  readonly #known = new Map<string, bigint>();
  readonly #disputes = new Set<string>();
  #last: LastAlert | undefined;

  constructor(endpointId: string) {
    this.#endpointId = endpointId;
  }

  /** Whether these figures of a price are what operators know already. */
  knows(price: FlatTerms, figures: readonly string[]): boolean {
    return figures.every((name) => {
      const told = this.#known.get(name);
      const value = price.get(name);
      return told === undefined || value === undefined ? told === value : isClose(told, value);
    });
  }

  /** A price that needs no alert is known from now on. */
  accept(price: FlatTerms): void {
    for (const [name, value] of price) this.#known.set(name, value);
  }

  /** One source moved, and did not take it back. */
  lasted(move: ToldMove): BookEvent[] {
    return this.knows(move.to, move.figures) ? [] : [this.#raise(move, 'notice')];
  }

  /** Two sources say the same: page, or page what was a notice. */
  confirmed(move: ToldMove): BookEvent[] {
    if (!this.knows(move.to, move.figures)) return [this.#raise(move, 'page')];
    const last = this.#last;
    if (last?.severity !== 'notice' || !move.figures.some((name) => last.figures.includes(name))) return [];
    this.#last = { ...last, severity: 'page' };
    const { atMs, sources } = move;
    return [{ type: 'alert_paged', alertId: last.id, endpointId: this.#endpointId, atMs, sources }];
  }

  /** A source came with another price and stays with it. */
  disputed(move: ToldMove): BookEvent[] {
    const text = `${move.sources.join()} ${figuresText(move.to, move.figures)}`;
    if (this.#disputes.has(text) || this.knows(move.to, move.figures)) return [];
    if (this.#disputes.size >= maxDisputes) this.#disputes.clear();
    this.#disputes.add(text);
    return [this.#raise(move, 'notice')];
  }

  /** No catalog carries the endpoint any more. */
  removed(gone: Pick<ToldMove, 'atMs' | 'seenAtMs' | 'sources'>): BookEvent {
    const move = { ...gone, kind: 'route_removed' as const, from: new Map(), to: new Map(), figures: [] };
    this.#known.clear();
    this.#disputes.clear();
    return { type: 'alert_raised', alert: this.#alertOf(move, 'page') };
  }

  /** What a restart needs. */
  memory(): ToldMemory {
    return { known: new Map(this.#known), disputes: [...this.#disputes], last: this.#last };
  }

  /** Knows again what it knew when the memory was taken. */
  recall(memory: ToldMemory): void {
    for (const [name, value] of memory.known) this.#known.set(name, value);
    for (const text of memory.disputes) this.#disputes.add(text);
    this.#last = memory.last;
  }

  #raise(move: ToldMove, severity: PriceAlert['severity']): BookEvent {
    const alert = this.#alertOf(move, severity);
    for (const name of move.figures) {
      const value = move.to.get(name);
      if (value === undefined) this.#known.delete(name);
      else this.#known.set(name, value);
    }
    this.#last = { id: alert.id, figures: move.figures, severity };
    return { type: 'alert_raised', alert };
  }

  #alertOf(move: ToldMove, severity: PriceAlert['severity']): PriceAlert {
    const { kind, atMs, seenAtMs, sources } = move;
    const moves = move.figures.map((figure): FigureMove => {
      return { figure, from: move.from.get(figure) ?? null, to: move.to.get(figure) ?? null };
    });
    const id = digestId('alert', [this.#endpointId, kind, `${seenAtMs} ${atMs}`, figuresText(move.to, move.figures)]);
    const message = messageOf(this.#endpointId, kind, sources);
    return { id, kind, severity, endpointId: this.#endpointId, raisedAtMs: atMs, seenAtMs, sources, moves, message };
  }
}

function figuresText(price: FlatTerms, figures: readonly string[]): string {
  return figures
    .map((name) => `${name}=${price.get(name) ?? 'absent'}`)
    .sort()
    .join(';');
}

function messageOf(endpointId: string, kind: PriceAlert['kind'], sources: readonly string[]): string {
  const who = sources.join(', ');
  switch (kind) {
    case 'price_changed':
      return `The price of ${endpointId} changed according to ${who}.`;
    case 'price_disputed':
      return `Catalogs contradict each other on the price of ${endpointId}; ${who} differ from the price in use.`;
    case 'alias_moved':
      return `${endpointId} stands for another model according to ${who}.`;
    case 'route_removed':
      return `${endpointId} is no longer carried by ${who}.`;
    case 'margin_below_floor':
      return `The price of ${endpointId} takes a margin under its floor.`;
  }
}
