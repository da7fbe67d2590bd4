import type { BookEvent } from './book-event.ts';
import type { AliasObservation } from './observation.ts';
import { digestId } from './price-version.ts';

/** From when on an alias stood for an endpoint. */
export interface AliasSpan {
  readonly endpointId: string;
  readonly fromMs: number;
}

/** One alias with all it ever stood for, and what each catalog says of it. */
export interface AliasMemory {
  readonly aliasId: string;
  readonly spans: readonly AliasSpan[];
  readonly said: readonly { readonly source: string; readonly endpointId: string }[];
}

interface Alias {
  readonly spans: AliasSpan[];
  readonly said: Map<string, string>;
}

const maxAliases = 20_000;

/** Moving names and what they stand for through time. A moved alias changes no price: it changes which price applies. */
export class AliasBoard {
  readonly #aliases = new Map<string, Alias>();

  /** What an alias stood for at an instant; undefined when the name is no alias. */
  resolve(aliasId: string, atMs: number): string | undefined {
    return this.#aliases.get(aliasId)?.spans.findLast(({ fromMs }) => fromMs <= atMs)?.endpointId;
  }

  /** Every endpoint an alias ever stood for. */
  spansOf(aliasId: string): readonly AliasSpan[] {
    return this.#aliases.get(aliasId)?.spans ?? [];
  }

  /** A catalog that changes its mind moves the alias; one that differs from the start is not listened to. */
  observe(observation: AliasObservation): BookEvent[] {
    const { aliasId, endpointId, source, atMs } = observation;
    let alias = this.#aliases.get(aliasId);
    if (!alias) {
      if (this.#aliases.size >= maxAliases) return [];
      alias = { spans: [], said: new Map() };
      this.#aliases.set(aliasId, alias);
    }
    const before = alias.said.get(source);
    alias.said.set(source, endpointId);
    const previousId = alias.spans.at(-1)?.endpointId;
    const isNews = previousId === undefined || (before !== undefined && before !== endpointId);
    if (!isNews || previousId === endpointId) return [];
    const fromMs = Math.max(atMs, alias.spans.at(-1)?.fromMs ?? atMs);
    alias.spans.push({ endpointId, fromMs });
    const moved: BookEvent = { type: 'alias_moved', aliasId, endpointId, previousId, source, atMs };
    return previousId === undefined ? [moved] : [moved, alertOf(observation, previousId)];
  }

  memory(): AliasMemory[] {
    return [...this.#aliases].map(([aliasId, { spans, said }]) => ({
      aliasId,
      spans: [...spans],
      said: [...said].map(([source, endpointId]) => ({ source, endpointId })),
    }));
  }

  /** Knows again what it knew when the memory was taken. */
  recall({ aliasId, spans, said }: AliasMemory): void {
    this.#aliases.set(aliasId, {
      spans: [...spans],
      said: new Map(said.map(({ source, endpointId }) => [source, endpointId])),
    });
  }
}

function alertOf({ aliasId, endpointId, source, atMs }: AliasObservation, previousId: string): BookEvent {
  return {
    type: 'alert_raised',
    alert: {
      id: digestId('alert', [aliasId, 'alias_moved', String(atMs), endpointId]),
      kind: 'alias_moved',
      severity: 'page',
      endpointId: aliasId,
      raisedAtMs: atMs,
      seenAtMs: atMs,
      sources: [source],
      moves: [],
      message: `${aliasId} stood for ${previousId} and stands for ${endpointId} now, according to ${source}.`,
    },
  };
}
