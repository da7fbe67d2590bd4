import { createHash } from 'node:crypto';
import type { Capabilities, EndpointLimits } from '../../domain/calls/endpoint.ts';
import type { Price } from '../../domain/rating/price.ts';
import { catalogOrigins, catalogRows } from './catalog-rows.gen.ts';
import {
  type CatalogOrigin,
  type PriceState,
  readStoredPrice,
  type StoredPrice,
  type StoredRow,
} from './stored-row.ts';

/** What the shipped catalog knows of one model at one host. */
export interface EndpointFacts {
  readonly host: string;
  readonly row: StoredRow;
  /** Undefined when no catalog prices it, or only one that says it is free. */
  readonly price: Price | undefined;
  readonly priceState: PriceState | undefined;
  readonly limits: EndpointLimits;
  /** Stated ones, yes and no. */
  readonly capabilities: Capabilities;
}

interface HostRows {
  readonly byModel: ReadonlyMap<string, StoredRow>;
  /** By the name of the weights, with and without their maker: the best row of the host for it. */
  readonly byCatalogId: ReadonlyMap<string, StoredRow>;
}

const noRows: HostRows = { byModel: new Map(), byCatalogId: new Map() };

/** The shipped catalog. A host's rows are parsed when it is first asked for, so that starting costs nothing. */
export class CatalogFacts {
  readonly #text: Readonly<Record<string, string>>;
  readonly #parsed = new Map<string, HostRows>();
  /** Catalogs that rows come from, by the letter that stands for them. */
  readonly origins: Readonly<Record<string, CatalogOrigin>>;

  constructor(
    text: Readonly<Record<string, string>> = catalogRows,
    origins: Readonly<Record<string, CatalogOrigin>> = catalogOrigins,
  ) {
    this.#text = text;
    this.origins = origins;
  }

  hosts(): readonly string[] {
    return Object.keys(this.#text);
  }

  rows(host: string): Iterable<StoredRow> {
    return this.#host(host).byModel.values();
  }

  /** The facts of a host's model, the price being the one that holds at an instant. */
  find(host: string, model: string, atMs: number): EndpointFacts | undefined {
    const row = this.#host(host).byModel.get(model);
    return row && this.#factsOf(host, row, atMs);
  }

  /** A host's own name for a model of the catalog, by that name or by the weights (`maker/name` or `name`). */
  modelOf(host: string, catalogId: string): string | undefined {
    const { byModel, byCatalogId } = this.#host(host);
    return (byModel.get(catalogId) ?? byCatalogId.get(catalogId))?.model;
  }

  #factsOf(host: string, row: StoredRow, atMs: number): EndpointFacts {
    // A moving name is no key of a price: the model behind it is, where a catalog says which.
    const priced = row.alias === undefined ? row : (this.#host(host).byModel.get(row.alias) ?? row);
    const stored = priced.prices?.findLast(({ from }) => from === undefined || Date.parse(from) <= atMs);
    return {
      host,
      row,
      price: stored && priceOf(stored),
      priceState: stored && stateOf(priced),
      limits: {
        ...(row.context !== undefined && { contextTokens: row.context }),
        ...(row.output !== undefined && { maxOutputTokens: row.output }),
      },
      capabilities: capabilitiesOf(row),
    };
  }

  #host(host: string): HostRows {
    const known = this.#parsed.get(host);
    if (known) return known;
    const text = Object.hasOwn(this.#text, host) ? this.#text[host] : undefined;
    const rows = text === undefined ? noRows : indexRows(parseRows(text));
    // Only hosts of the catalog are kept: names from outside cannot fill the map.
    if (text !== undefined) this.#parsed.set(host, rows);
    return rows;
  }
}

function parseRows(text: string): StoredRow[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as StoredRow]));
}

function indexRows(rows: readonly StoredRow[]): HostRows {
  const byCatalogId = new Map<string, StoredRow>();
  for (const row of rows.toSorted(byPreference)) {
    const { base } = row;
    const names = base === undefined ? [] : [base, base.slice(base.indexOf('/') + 1)];
    for (const name of names) if (!byCatalogId.has(name)) byCatalogId.set(name, row);
  }
  return { byModel: new Map(rows.map((row) => [row.model, row])), byCatalogId };
}

/** Of several rows for the same weights: current, served everywhere, and the plainest name. */
function byPreference(left: StoredRow, right: StoredRow): number {
  const rank = ({ deprecated, model }: StoredRow): number =>
    (deprecated === true ? 4 : 0) +
    (/^(us|eu|apac|au|jp|ca|us-gov)\./.test(model) ? 2 : 0) +
    (/[:~]/.test(model) ? 1 : 0);
  return rank(left) - rank(right) || left.model.length - right.model.length || (left.model < right.model ? -1 : 1);
}

function capabilitiesOf({ can, cannot }: StoredRow): Capabilities {
  const stated: Record<string, boolean> = {};
  for (const ability of can?.split(' ') ?? []) stated[ability] = true;
  for (const ability of cannot?.split(' ') ?? []) stated[ability] = false;
  return stated;
}

function stateOf({ differing, pricedBy = '' }: StoredRow): PriceState {
  if (differing !== undefined) return 'disputed';
  return pricedBy.length > 1 ? 'agreed' : 'single';
}

function priceOf(stored: StoredPrice): Price {
  const digest = createHash('sha256').update(JSON.stringify(stored)).digest('hex').slice(0, 16);
  return { ...readStoredPrice(stored), versionId: `catalog_${digest}` };
}
