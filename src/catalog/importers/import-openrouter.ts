import type { PriceCondition } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer, ModelFacts } from './contract.ts';
import { countOf, dateOf, decimalOf, type Fields, isRecord, textOf, textsOf } from './fields.ts';
import type { ImportLog } from './import-log.ts';
import { present, RowImport } from './row-import.ts';

const bucketOfKey: { readonly [key: string]: UsageBucket } = {
  prompt: 'input',
  completion: 'output',
  internal_reasoning: 'reasoning',
  input_cache_read: 'cacheRead',
  input_cache_write: 'cacheWrite5m',
  input_cache_write_1h: 'cacheWrite1h',
  audio: 'audioIn',
  audio_output: 'audioOut',
  image_output: 'imageOut',
  web_search: 'requests',
};

/** Prices per image, of cached audio and the like: answers do not report those units. */
const notRated = new Set(['image', 'image_token', 'input_audio_cache', 'discount']);

const factKeys = new Set(
  `id canonical_slug hugging_face_id name created description context_length architecture pricing
  top_provider per_request_limits supported_parameters default_parameters reasoning knowledge_cutoff
  alias_target expiration_date links supported_voices benchmarks`.split(/\s+/),
);

/** Reads one model of OpenRouter's list, prices as texts in USD per token; `-1` is a price made per call. */
export function importOpenrouterRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const { fields } = row;
  const reading = new RowImport(row, log, 'usdPerUnit');
  const model = textOf(fields['id']) ?? row.key;
  for (const key of Object.keys(fields)) if (!factKeys.has(key)) reading.ignore(key, 'unknown');
  const pricing = fields['pricing'];
  if (isRecord(pricing)) readPricing(reading, pricing, {});
  else reading.problem('pricing is no object');
  return reading.offer('openrouter', { hostName: 'openrouter', model, facts: factsOf(fields) });
}

function readPricing(reading: RowImport, pricing: Fields, when: PriceCondition): void {
  for (const [key, value] of Object.entries(pricing)) {
    const bucket = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
    if (bucket) reading.price(bucket, { key, value }, { when });
    else if (key === 'request') {
      // Zero is written for nearly every model; it is no price of a call.
      if (!/^0(\.0*)?$/.test(decimalOf(value) ?? '')) reading.pricePerCall({ key, value });
    } else if (key === 'overrides') readOverrides(reading, value);
    else if (!(key in conditionKeys)) reading.ignore(`pricing.${key}`, notRated.has(key) ? 'not rated' : 'unknown');
  }
}

const conditionKeys = { min_prompt_tokens: true, utc_start: true, utc_end: true };

/** Later overrides win per price; the threshold is strictly greater. */
function readOverrides(reading: RowImport, overrides: unknown): void {
  if (!Array.isArray(overrides)) return reading.problem('pricing.overrides is no list');
  for (const override of overrides as readonly unknown[]) {
    const when = isRecord(override) ? conditionOf(override) : undefined;
    if (!isRecord(override) || !when) reading.problem('pricing.overrides has one without a condition we know');
    else readPricing(reading, override, when);
  }
}

function conditionOf(override: Fields): PriceCondition | undefined {
  const minTotalInputGt = countOf(override['min_prompt_tokens']);
  const utcStartMs = timeOfDay(override['utc_start']);
  const utcEndMs = timeOfDay(override['utc_end']);
  const window = utcStartMs !== undefined && utcEndMs !== undefined ? { utcStartMs, utcEndMs } : {};
  const when = { ...(minTotalInputGt !== undefined && { minTotalInputGt }), ...window };
  return Object.keys(when).length > 0 ? when : undefined;
}

/** `16:30` or `16:30:00Z` as milliseconds after midnight. */
export function timeOfDay(value: unknown): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^(\d{2}):(\d{2})(?::(\d{2}))?Z?$/.exec(textOf(value) ?? '') ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const total = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return total < 86_400_000 ? total : undefined;
}

function factsOf(fields: Fields): ModelFacts {
  const architecture = isRecord(fields['architecture']) ? fields['architecture'] : {};
  const top = isRecord(fields['top_provider']) ? fields['top_provider'] : {};
  const parameters = textsOf(fields['supported_parameters']);
  const created = countOf(fields['created']);
  return present({
    name: textOf(fields['name']),
    kind: 'chat' as const,
    baseModel: textOf(fields['canonical_slug']),
    contextTokens: countOf(fields['context_length']),
    maxOutputTokens: countOf(top['max_completion_tokens']),
    inputModalities: textsOf(architecture['input_modalities'])?.map((one) => (one === 'file' ? 'pdf' : one)),
    outputModalities: textsOf(architecture['output_modalities']),
    releasedOn:
      created === undefined || created > 8e9 ? undefined : new Date(created * 1000).toISOString().slice(0, 10),
    retiresOn: dateOf(fields['expiration_date']),
    aliasOf: textOf(fields['alias_target']),
    abilities: parameters && {
      tools: parameters.includes('tools'),
      jsonSchema: parameters.includes('structured_outputs'),
      reasoning: parameters.includes('reasoning'),
    },
  });
}
