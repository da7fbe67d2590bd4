import { hostAlias, makerHost } from '../formats/host-aliases.ts';
import type { AuditPrices, Offer, OfferMatch } from './offer.ts';

/** Prices found by the names that logs use. Offers given first win over later ones of the same name. */
export class OfferTable implements AuditPrices {
  readonly #byEndpoint = new Map<string, Offer>();
  readonly #byModel = new Map<string, Offer[]>();
  readonly #byBase = new Map<string, Offer[]>();
  readonly #hosts = new Set<string>();

  constructor(offers: Iterable<Offer>) {
    for (const offer of offers) this.#add(offer);
  }

  find(hostName: string | undefined, modelName: string): OfferMatch | undefined {
    const model = modelName.trim().toLowerCase();
    const slash = model.indexOf('/');
    const first = slash > 0 ? hostAlias(model.slice(0, slash)) : undefined;
    const bare = slash > 0 ? model.slice(slash + 1) : model;
    if (hostName !== undefined) {
      const host = hostAlias(hostName);
      return this.#atHost(host, model) ?? (slash > 0 ? this.#atHost(host, bare) : undefined);
    }
    if (first !== undefined && this.#hosts.has(first)) {
      const found = this.#atHost(first, bare);
      if (found) return found;
    }
    const maker = makerHost(bare);
    const made = maker === undefined ? undefined : this.#atHost(maker, bare);
    if (made) return { offer: made.offer, kind: made.kind === 'exact' ? 'maker' : made.kind };
    const [only, ...others] = this.#byModel.get(model) ?? [];
    return only && others.length === 0 ? { offer: only, kind: 'maker' } : undefined;
  }

  elsewhere(offer: Offer): readonly Offer[] {
    if (offer.baseModel === undefined) return [];
    return (this.#byBase.get(offer.baseModel) ?? []).filter((other) => other.host !== offer.host && isForSale(other));
  }

  #add(offer: Offer): void {
    const key = keyOf(offer.host, offer.model.toLowerCase());
    if (this.#byEndpoint.has(key) || offer.versions.length === 0) return;
    this.#byEndpoint.set(key, offer);
    this.#hosts.add(offer.host);
    push(this.#byModel, offer.model.toLowerCase(), offer);
    if (offer.baseModel !== undefined) push(this.#byBase, offer.baseModel, offer);
  }

  #atHost(host: string, model: string): OfferMatch | undefined {
    const exact = this.#byEndpoint.get(keyOf(host, model));
    if (exact) return { offer: exact, kind: 'exact' };
    for (const name of plainerNames(model)) {
      const offer = this.#byEndpoint.get(keyOf(host, name));
      if (offer) return { offer, kind: 'undated' };
    }
    return undefined;
  }
}

/** Names without the date or the region that a log may carry and a catalog may not. */
function plainerNames(model: string): readonly string[] {
  const undated = model.replace(/[-@](20[0-9]{2}-?[01][0-9]-?[0-3][0-9])(?=$|[-:])/, '');
  const regionless = model.replace(/^(us|eu|apac|global|jp|au|ca|us-gov)\./, '');
  return [undated, regionless, undated.replace(/:(nitro|floor|exacto|thinking)$/, '')].filter((name) => name !== model);
}

/** Free tiers are bait for comparisons: rate limited, and gone tomorrow. */
function isForSale({ versions }: Offer): boolean {
  const price = versions.at(-1)?.price;
  return price !== undefined && Object.values(price.picosPerUnit).some((picos) => picos > 0n);
}

function keyOf(host: string, model: string): string {
  return `${host}\u0000${model}`;
}

function push(table: Map<string, Offer[]>, name: string, offer: Offer): void {
  const offers = table.get(name);
  if (offers) offers.push(offer);
  else table.set(name, [offer]);
}
