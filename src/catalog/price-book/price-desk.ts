import type { Config } from '../../config/index.ts';
import type { Endpoint, PricedEndpoint } from '../../domain/calls/endpoint.ts';
import { parseRatioAsPpm } from '../../domain/money/money.ts';
import type { Price, PriceContract } from '../../domain/rating/price.ts';
import { priceFromTexts } from '../configured-price.ts';
import { digestId, type PriceVersion } from './price-version.ts';

/** Where prices of catalogs come from. */
export interface PriceSource {
  priceAt(endpointId: string, atMs: number): PriceVersion | undefined;
}

/** An agreement, ready to be applied. */
interface Agreement {
  readonly host: string | undefined;
  readonly model: string | undefined;
  readonly key: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly contract: PriceContract | undefined;
  readonly price: Price | undefined;
}

/**
 * Knows what a request costs at an endpoint: an agreed price, else the configured one, else that of the price book;
 * and the ratio of a contract on top. Answers from memory, for any instant.
 */
export class PriceDesk {
  readonly #agreements: readonly Agreement[];
  readonly #source: PriceSource | undefined;

  constructor(contracts: Config['contracts'], source?: PriceSource) {
    // The last entry that holds wins.
    this.#agreements = contracts.map(agreementOf).toReversed();
    this.#source = source;
  }

  /** Prices that agreements name, and their ratios: to be kept, because facts name them by id. */
  get versions(): { readonly prices: readonly Price[]; readonly contracts: readonly PriceContract[] } {
    return {
      prices: this.#agreements.flatMap(({ price }) => price ?? []),
      contracts: this.#agreements.flatMap(({ contract }) => contract ?? []),
    };
  }

  /** Price and contract of an endpoint for a request that starts at an instant. */
  priceOf(endpoint: Endpoint, atMs: number, key?: string): PricedEndpoint {
    const agreement = this.#agreements.length === 0 ? undefined : this.#agreementFor(endpoint, atMs, key);
    if (agreement?.price) return { price: agreement.price };
    const configured = endpoint.isListPrice === true ? undefined : endpoint.price;
    // Without a price book's figure the shipped one holds.
    const price = configured ?? this.#listPrice(endpoint, atMs) ?? endpoint.price;
    return agreement?.contract ? { price, contract: agreement.contract } : { price };
  }

  #agreementFor(endpoint: Endpoint, atMs: number, key: string | undefined): Agreement | undefined {
    return this.#agreements.find(
      ({ host, model, key: ofKey, fromMs, toMs }) =>
        atMs >= fromMs &&
        atMs < toMs &&
        (host === undefined || host === endpoint.host.id) &&
        (model === undefined || model === endpoint.modelName || model === endpoint.upstreamModel) &&
        (ofKey === undefined || ofKey === key),
    );
  }

  /** Catalogs know a host by its provider's name, whatever it is called in the configuration. */
  #listPrice({ id, host, upstreamModel }: Endpoint, atMs: number): Price | undefined {
    const own = this.#source?.priceAt(id, atMs);
    if (own || host.providerId === host.id) return own?.price;
    return this.#source?.priceAt(`${host.providerId}/${upstreamModel}`, atMs)?.price;
  }
}

function agreementOf({ host, model, key, ratio, price, from, to }: Config['contracts'][number]): Agreement {
  const ratioPpm = ratio === undefined ? undefined : parseRatioAsPpm(ratio);
  const names = [host, model, key, from, to].map((name) => name ?? '');
  return {
    host,
    model,
    key,
    fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
    toMs: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to),
    contract:
      ratioPpm === undefined ? undefined : { versionId: digestId('contract', [...names, `${ratioPpm}`]), ratioPpm },
    price: priceFromTexts(price),
  };
}
