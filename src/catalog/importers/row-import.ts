import type { PriceCondition, PriceTerms } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogFormat, CatalogOffer, DatedTerms, IgnoredKey, ModelFacts } from './contract.ts';
import { sourceTextOf } from './fields.ts';
import { hostOf } from './host-names.ts';
import type { ImportLog } from './import-log.ts';
import { type PriceUnit, TermsBuilder } from './terms-builder.ts';

const maxSourceText = 4000;

/** What a format knows of a row besides its prices. */
export interface RowIdentity {
  /** The catalog's name of the host. */
  readonly hostName: string;
  readonly model: string;
  readonly facts: ModelFacts;
  /** Replaces what the row's own prices say, for formats with dated ones. */
  readonly prices?: readonly DatedTerms[];
  readonly matches?: (model: string) => boolean;
}

/** Reads the fields of one row and reports the ones it cannot. */
export class RowImport {
  readonly #row: CatalogRow;
  readonly #log: ImportLog;
  readonly #unit: PriceUnit;
  readonly #texts: string[] = [];
  #builder: TermsBuilder;
  #wasInexact = false;

  constructor(row: CatalogRow, log: ImportLog, unit: PriceUnit) {
    this.#row = row;
    this.#log = log;
    this.#unit = unit;
    this.#builder = new TermsBuilder(unit);
  }

  /** A price of a bucket; a value that is none becomes a problem of the row. */
  price(bucket: UsageBucket, field: Field, at: { when?: PriceCondition; unit?: PriceUnit } = {}): void {
    this.#note(field, this.#builder.set(bucket, field.value, at));
  }

  pricePerCall(field: Field, unit?: PriceUnit): void {
    this.#note(field, this.#builder.setPerCall(field.value, unit));
  }

  regionRatio(region: string, field: Field): void {
    this.#note(field, this.#builder.setRegionRatio(region, field.value));
  }

  ignore(key: string, reason: IgnoredKey['reason']): void {
    this.#log.ignore(key, reason);
  }

  problem(message: string): void {
    const { line, key } = this.#row;
    this.#log.problem({ ...(line !== undefined && { line }), row: key, message });
  }

  /** Ends the price that was being read, so that the row can tell another one. */
  takeTerms(): PriceTerms | undefined {
    const terms = this.#builder.build();
    this.#wasInexact ||= this.#builder.isInexact;
    this.#builder = new TermsBuilder(this.#unit);
    return terms;
  }

  offer(format: CatalogFormat, { hostName, model, facts, prices, matches }: RowIdentity): CatalogOffer {
    const { isDynamic } = this.#builder;
    const terms = prices === undefined ? this.takeTerms() : undefined;
    return {
      ...hostOf(format, hostName),
      model,
      prices: prices ?? (terms ? [{ fromMs: undefined, terms }] : []),
      isDynamic,
      isInexact: this.#wasInexact,
      sourceText: `{${this.#texts.join(',')}}`.slice(0, maxSourceText),
      facts,
      ...(matches && { matches }),
    };
  }

  #note({ key, value }: Field, wrong: string | undefined): void {
    if (wrong !== undefined) this.problem(`${key} ${wrong}`);
    this.#texts.push(`${JSON.stringify(key)}:${sourceTextOf(value)}`);
  }
}

/** A field of a row: its name as the catalog writes it, and its value. */
export interface Field {
  readonly key: string;
  readonly value: unknown;
}

/** Leaves out what is unknown. */
export function present<T extends object>(fields: T): Partial<{ [Key in keyof T]: Exclude<T[Key], undefined> }> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Partial<{ [Key in keyof T]: Exclude<T[Key], undefined> }>;
}
