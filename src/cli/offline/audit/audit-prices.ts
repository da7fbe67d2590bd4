import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { isJsonObject } from '../../../domain/json/is-json-object.ts';
import { usageBuckets } from '../../../domain/rating/usage.ts';
import type { Offer, OfferVersion } from '../../../reports/index.ts';
import { CliError } from '../../shell/cli-error.ts';

type Fields = { readonly [name: string]: unknown };

/**
 * Reads own prices: a `switchyard.yaml` with prices at its endpoints, a list under `prices` with dates, or a catalog
 * file as LiteLLM, models.dev and others publish it.
 */
export async function readPriceFile(path: string): Promise<readonly Offer[]> {
  const text = readFileSync(path, 'utf8');
  const { importCatalog } = await import('../../../catalog/index.ts');
  const catalog = importCatalog(text);
  if (catalog && catalog.offers.length > 0) {
    return catalog.offers.map(({ host, model, prices, facts }) => ({
      host,
      model,
      baseModel: facts.baseModel,
      contextTokens: facts.contextTokens,
      versions: prices.map(({ fromMs, terms }, at) => ({
        fromMs,
        price: { ...terms, versionId: `${catalog.format}/${host}/${model}#${at}` },
      })),
    }));
  }
  const offers = await fromYaml(path, text);
  if (offers.length === 0)
    throw new CliError(`${path} holds no prices; it needs "prices", or endpoints with a "price"`);
  return offers;
}

async function fromYaml(path: string, text: string): Promise<readonly Offer[]> {
  let value: unknown;
  try {
    // Every figure keeps its source text.
    value = parse(text, { schema: 'failsafe' });
  } catch (error) {
    const [reason] = error instanceof Error ? error.message.split('\n') : [];
    throw new CliError(`${path} holds no prices: it is neither YAML nor JSON (${reason})`);
  }
  const { priceFromTexts } = await import('../../../catalog/index.ts');
  const byEndpoint = new Map<string, { host: string; model: string; versions: OfferVersion[] }>();
  for (const { place, entry } of entriesOf(value)) {
    const { host, model } = entry;
    if (typeof host !== 'string' || typeof model !== 'string') throw problem(path, place, 'needs host and model');
    const texts = priceTexts(entry['price'], (message) => problem(path, `${place}.price`, message));
    const price = priceFromTexts(texts);
    const { from } = entry;
    const fromMs = from === undefined ? undefined : Date.parse(typeof from === 'string' ? from : '');
    if (fromMs !== undefined && Number.isNaN(fromMs)) throw problem(path, `${place}.from`, 'is no date');
    const offer = byEndpoint.get(`${host}/${model}`) ?? { host, model, versions: [] };
    offer.versions.push({ fromMs, price: price && { ...price, versionId: `${basename(path)} ${place}` } });
    byEndpoint.set(`${host}/${model}`, offer);
  }
  return [...byEndpoint.values()].map((offer) => ({
    ...offer,
    versions: offer.versions.toSorted((one, other) => (one.fromMs ?? -Infinity) - (other.fromMs ?? -Infinity)),
  }));
}

interface PriceEntry {
  readonly place: string;
  readonly entry: Fields;
}

function entriesOf(value: unknown): readonly PriceEntry[] {
  if (!isJsonObject(value)) return [];
  const { prices, models } = value;
  const listed = Array.isArray(prices) ? prices.map((entry: unknown, at) => ({ place: `prices[${at}]`, entry })) : [];
  const configured = Object.entries(isJsonObject(models) ? models : {}).flatMap(([name, model]) => {
    const endpoints: unknown = isJsonObject(model) ? model['endpoints'] : undefined;
    return Array.isArray(endpoints)
      ? endpoints.map((entry: unknown, at) => ({ place: `models.${name}.endpoints[${at}]`, entry }))
      : [];
  });
  return [...listed, ...configured].flatMap(({ place, entry }) =>
    isJsonObject(entry) && entry['price'] !== undefined ? [{ place, entry }] : [],
  );
}

function priceTexts(value: unknown, problemOf: (message: string) => CliError): { readonly [bucket: string]: string } {
  if (!isJsonObject(value)) throw problemOf('is no table of buckets');
  const texts: { [bucket: string]: string } = {};
  for (const [bucket, text] of Object.entries(value)) {
    if (!usageBuckets.some((name) => name === bucket)) throw problemOf(`names "${bucket}", which is no bucket`);
    if (typeof text !== 'string' || !/^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) {
      throw problemOf(`says ${JSON.stringify(text)} for ${bucket}, which is no price in USD per million`);
    }
    texts[bucket] = text;
  }
  return texts;
}

function problem(path: string, place: string, message: string): CliError {
  return new CliError(`${path}: ${place} ${message}`);
}
