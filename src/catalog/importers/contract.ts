import type { PriceTerms } from '../../domain/rating/price.ts';

/** Formats that can be read. The name is the source of every observation that comes from it. */
export const catalogFormats = ['litellm', 'models.dev', 'openrouter', 'genai-prices', 'portkey', 'langfuse'] as const;

/** One of the formats that can be read. */
export type CatalogFormat = (typeof catalogFormats)[number];

/** What kind of work a model does. */
export type ModelKind = 'chat' | 'embedding' | 'image' | 'audio' | 'video' | 'rerank' | 'moderation' | 'other';

/** What a model can do, as far as a catalog says; absent is unknown. */
export interface ModelAbilities {
  readonly tools?: boolean;
  readonly jsonSchema?: boolean;
  readonly reasoning?: boolean;
  readonly assistantPrefill?: boolean;
}

/** Facts about a model beside its price; absent is unknown. */
export interface ModelFacts {
  readonly name?: string;
  readonly kind?: ModelKind;
  /** Groups offers of the same weights, as the catalog names them: `anthropic/claude-…`. */
  readonly baseModel?: string;
  readonly contextTokens?: number;
  readonly maxInputTokens?: number;
  readonly maxOutputTokens?: number;
  readonly abilities?: ModelAbilities;
  /** `text`, `image`, `audio`, `video`, `pdf`. */
  readonly inputModalities?: readonly string[];
  readonly outputModalities?: readonly string[];
  /** ISO dates. */
  readonly releasedOn?: string;
  readonly retiresOn?: string;
  readonly isDeprecated?: boolean;
  /** The host's model that this moving name points at. */
  readonly aliasOf?: string;
}

/** A price that a catalog says will hold, or held, from a date on. */
export interface DatedTerms {
  /** Undefined: since ever. */
  readonly fromMs: number | undefined;
  readonly terms: PriceTerms;
}

/** One row of a catalog: a model at a host. */
export interface CatalogOffer {
  /** Our name of the host, else the catalog's own. */
  readonly host: string;
  /** Whether `host` is one that we can call. */
  readonly isKnownHost: boolean;
  /** The host's name of the model. */
  readonly model: string;
  /** Oldest first; empty when the row has no price that can be rated. */
  readonly prices: readonly DatedTerms[];
  /** The price is made per call (`-1` at OpenRouter). */
  readonly isDynamic: boolean;
  /** Some figure had digits below one pico. */
  readonly isInexact: boolean;
  /** Price fields as the catalog writes them. */
  readonly sourceText: string;
  readonly facts: ModelFacts;
  /** Tells which other names of the host this row prices; absent means only its own. */
  readonly matches?: (model: string) => boolean;
}

/** A row or field that was left out, and where it stands. */
export interface ImportProblem {
  /** Line of the file for formats of one row per line. */
  readonly line?: number;
  readonly row: string;
  readonly message: string;
}

/** A field that is not read, and in how many rows it stands. */
export interface IgnoredKey {
  readonly key: string;
  readonly rows: number;
  /** `unknown`: never seen before. `not rated`: a price by a unit that answers do not report. */
  readonly reason: 'unknown' | 'not rated';
}

/** Everything that was read from one catalog. */
export interface ImportedCatalog {
  readonly format: CatalogFormat;
  readonly rows: number;
  readonly offers: readonly CatalogOffer[];
  readonly problems: readonly ImportProblem[];
  /** Problems beyond the limit are counted only. */
  readonly problemCount: number;
  readonly ignoredKeys: readonly IgnoredKey[];
}
