import type { PriceCondition } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer, ModelFacts, ModelKind } from './contract.ts';
import { countOf, dateOf, type Fields, flagOf, isRecord, textOf, textsOf } from './fields.ts';
import type { ImportLog } from './import-log.ts';
import { present, RowImport } from './row-import.ts';

const bucketOfKey: { readonly [key: string]: UsageBucket } = {
  input: 'input',
  output: 'output',
  reasoning: 'reasoning',
  cache_read: 'cacheRead',
  cache_write: 'cacheWrite5m',
  input_audio: 'audioIn',
  output_audio: 'audioOut',
};

const factKeys = new Set(
  `provider_id id name family release_date last_updated attachment reasoning temperature tool_call
  structured_output open_weights knowledge limit modalities cost base_model reasoning_options
  interleaved provider status experimental description`.split(/\s+/),
);

/** Reads one offer of models.dev, prices in USD per million. */
export function importModelsDevRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const { fields } = row;
  const reading = new RowImport(row, log, 'usdPerMillion');
  const hostName = textOf(fields['provider_id']) ?? row.provider;
  const model = textOf(fields['id']) ?? row.key;
  if (hostName === undefined) {
    reading.problem('provider_id is missing');
    return undefined;
  }
  for (const key of Object.keys(fields)) if (!factKeys.has(key)) reading.ignore(key, 'unknown');
  readCost(reading, fields['cost']);
  readModes(reading, fields['experimental']);
  return reading.offer('models.dev', { hostName, model, facts: factsOf(fields) });
}

function readCost(reading: RowImport, cost: unknown, when: PriceCondition = {}): void {
  if (cost === undefined) return;
  if (!isRecord(cost)) return reading.problem('cost is no object');
  for (const [key, value] of Object.entries(cost)) {
    const bucket = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
    if (bucket) reading.price(bucket, { key, value }, { when });
    else if (key === 'request') reading.pricePerCall({ key, value }, 'usdPerUnit');
    else if (key === 'tiers') readTiers(reading, value, when);
    else if (key === 'context_over_200k') readCost(reading, value, { ...when, minTotalInputGt: 200_000 });
    else if (key !== 'tier') reading.ignore(`cost.${key}`, 'not rated');
  }
}

function readTiers(reading: RowImport, tiers: unknown, when: PriceCondition): void {
  if (!Array.isArray(tiers)) return reading.problem('cost.tiers is no list');
  for (const tier of tiers as readonly unknown[]) {
    const bound: unknown = isRecord(tier) ? tier['tier'] : undefined;
    const size = isRecord(bound) ? countOf(bound['size']) : undefined;
    const type = isRecord(bound) ? (textOf(bound['type']) ?? 'context') : undefined;
    if (size === undefined || type !== 'context') reading.problem('cost.tiers has a tier without a context size');
    else readCost(reading, tier, { ...when, minTotalInputGt: size });
  }
}

/** Only a mode that is asked for by a service tier is priced by one; others cannot be told from the answer. */
function readModes(reading: RowImport, experimental: unknown): void {
  const modes: unknown = isRecord(experimental) ? experimental['modes'] : undefined;
  if (!isRecord(modes)) return;
  for (const [name, mode] of Object.entries(modes)) {
    const provider: unknown = isRecord(mode) ? mode['provider'] : undefined;
    const body: unknown = isRecord(provider) ? provider['body'] : undefined;
    const serviceTier = isRecord(body) ? textOf(body['service_tier']) : undefined;
    if (isRecord(mode) && serviceTier !== undefined) readCost(reading, mode['cost'], { serviceTier });
    else reading.ignore(`experimental.modes.${name}`, 'not rated');
  }
}

function factsOf(fields: Fields): ModelFacts {
  const limit = isRecord(fields['limit']) ? fields['limit'] : {};
  const modalities = isRecord(fields['modalities']) ? fields['modalities'] : {};
  const outputModalities = textsOf(modalities['output']);
  const name = textOf(fields['name']);
  return present({
    name,
    kind: kindOf(outputModalities, `${textOf(fields['id']) ?? ''} ${textOf(fields['family']) ?? ''}`),
    baseModel: textOf(fields['base_model']),
    contextTokens: countOf(limit['context']),
    maxInputTokens: countOf(limit['input']),
    maxOutputTokens: countOf(limit['output']),
    inputModalities: textsOf(modalities['input']),
    outputModalities,
    releasedOn: dateOf(fields['release_date']),
    isDeprecated: fields['status'] === 'deprecated' ? true : undefined,
    abilities: present({
      tools: flagOf(fields['tool_call']),
      jsonSchema: flagOf(fields['structured_output']),
      reasoning: flagOf(fields['reasoning']),
    }),
  });
}

function kindOf(output: readonly string[] | undefined, names: string): ModelKind {
  if (/embed/i.test(names)) return 'embedding';
  if (/rerank/i.test(names)) return 'rerank';
  if (output === undefined || output.includes('text')) return 'chat';
  const [first] = output;
  return first === 'image' || first === 'audio' || first === 'video' ? first : 'other';
}
