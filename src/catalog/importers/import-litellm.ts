import type { PriceCondition } from '../../domain/rating/price.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { CatalogRow } from './catalog-rows.ts';
import type { CatalogOffer, ModelFacts, ModelKind } from './contract.ts';
import { countOf, dateOf, decimalOf, type Fields, flagOf, isRecord, textOf, textsOf } from './fields.ts';
import type { ImportLog } from './import-log.ts';
import { present, RowImport } from './row-import.ts';

const bucketOfKey: { readonly [key: string]: UsageBucket } = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'audioIn',
  output_cost_per_audio_token: 'audioOut',
  input_cost_per_image_token: 'imageIn',
  output_cost_per_image_token: 'imageOut',
  input_cost_per_video_token: 'videoIn',
  cache_read_input_token_cost: 'cacheRead',
  input_cost_per_token_cache_hit: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite5m',
};

/** The table multiplies its dimensions into one name: `cache_read_input_token_cost_above_272k_tokens_priority`. */
const keySyntax = /^(.+?)(_above_1hr)?(?:_above_(\d{1,6})k_tokens)?(?:_(priority|flex|batches))?$/;
const upliftSyntax = /^regional_processing_uplift_multiplier_([a-z]+)$/;

const kinds: { readonly [mode: string]: ModelKind } = {
  chat: 'chat',
  responses: 'chat',
  completion: 'chat',
  embedding: 'embedding',
  image_generation: 'image',
  image_edit: 'image',
  audio_transcription: 'audio',
  audio_speech: 'audio',
  realtime: 'audio',
  video_generation: 'video',
  rerank: 'rerank',
  moderation: 'moderation',
};

const factKeys = new Set(
  `id litellm_provider mode max_tokens max_input_tokens max_output_tokens deprecation_date
  supported_endpoints supported_modalities supported_output_modalities supported_regions source
  output_vector_size rpm tpm rpd tpd metadata comment prompt_cache_min_tokens
  search_context_cost_per_query tiered_pricing use_openai_responses_path web_search_billing_unit`.split(/\s+/),
);

/** Reads one row of LiteLLM's table, prices in USD per token. Undefined for rows that price no single model. */
export function importLitellmRow(row: CatalogRow, log: ImportLog): CatalogOffer | undefined {
  const { fields } = row;
  const provider = textOf(fields['litellm_provider']);
  const reading = new RowImport(row, log, 'usdPerUnit');
  if (provider === undefined) {
    if (row.key !== 'sample_spec') reading.problem('litellm_provider is missing');
    return undefined;
  }
  const model = modelOf(row.key, provider);
  if (model === undefined) {
    reading.ignore('(rows for a region, a commitment or a size class)', 'not rated');
    return undefined;
  }
  for (const [key, value] of Object.entries(fields)) readKey(reading, key, value);
  return reading.offer('litellm', { hostName: provider, model, facts: factsOf(fields) });
}

function readKey(reading: RowImport, key: string, value: unknown): void {
  if (key === 'tiered_pricing') return readTiers(reading, value);
  if (key === 'search_context_cost_per_query') return readSearch(reading, key, value);
  if (key === 'input_cost_per_request') return reading.pricePerCall({ key, value });
  const uplift = upliftSyntax.exec(key)?.[1];
  if (uplift !== undefined) return reading.regionRatio(uplift, { key, value });
  const [, base = key, hour, thousands, suffix] = keySyntax.exec(key) ?? [];
  const own = Object.hasOwn(bucketOfKey, base) ? bucketOfKey[base] : undefined;
  const bucket = hour === undefined ? own : hourBucket(own);
  if (bucket !== undefined) return reading.price(bucket, { key, value }, { when: conditionOf(thousands, suffix) });
  if (factKeys.has(key) || /^(supports|bedrock|uses|gemini)_/.test(key)) return;
  reading.ignore(key, /cost|price|pricing/.test(key) ? 'not rated' : 'unknown');
}

function hourBucket(bucket: UsageBucket | undefined): UsageBucket | undefined {
  return bucket === 'cacheWrite5m' ? 'cacheWrite1h' : undefined;
}

function conditionOf(thousands: string | undefined, suffix: string | undefined): PriceCondition {
  return {
    ...(thousands !== undefined && { minTotalInputGt: Number(thousands) * 1000 }),
    ...(suffix === 'batches' && { batch: true }),
    ...((suffix === 'priority' || suffix === 'flex') && { serviceTier: suffix }),
  };
}

/** `range: [from, to]`: the first one is the base, each later one holds above its start. */
function readTiers(reading: RowImport, value: unknown): void {
  if (!Array.isArray(value)) return reading.problem('tiered_pricing is no list');
  for (const tier of value as readonly unknown[]) {
    const range: unknown = isRecord(tier) ? tier['range'] : undefined;
    const start = Array.isArray(range) ? decimalOf(range[0]) : undefined;
    if (!isRecord(tier) || start === undefined || !/^\d{1,12}(\.0+)?$/.test(start)) {
      reading.problem('tiered_pricing has a tier without a range');
      continue;
    }
    const from = Number(start);
    for (const [key, price] of Object.entries(tier)) {
      const bucket = Object.hasOwn(bucketOfKey, key) ? bucketOfKey[key] : undefined;
      if (bucket) reading.price(bucket, { key, value: price }, from > 0 ? { when: { minTotalInputGt: from } } : {});
      else if (key !== 'range') reading.ignore(`tiered_pricing.${key}`, 'unknown');
    }
  }
}

/** One price for every size of search context is a price per request; different ones cannot be told apart in usage. */
function readSearch(reading: RowImport, key: string, value: unknown): void {
  const prices = isRecord(value) ? Object.values(value).map(decimalOf) : [];
  if (prices[0] === undefined || prices.some((price) => price !== prices[0])) return reading.ignore(key, 'not rated');
  reading.price('requests', { key, value: prices[0] });
}

/** The host's own name of the model; undefined for rows about a region, a commitment or a class of sizes. */
function modelOf(id: string, provider: string): string | undefined {
  const prefix = provider.replace(/-.*$|_converse$|_chat$/, '');
  const isPrefixed = id.startsWith(`${prefix}/`);
  const model = isPrefixed ? id.slice(prefix.length + 1) : id;
  if (/^(us|eu|global|global-standard)\//.test(model) || /^[a-z]{2}(-gov)?-[a-z]+-\d\//.test(model)) return undefined;
  const isSizeClass = /^(together-ai|fireworks-ai)-/.test(model);
  return isSizeClass || /^\d+-x-\d+\//.test(model) || model === '' ? undefined : model;
}

function factsOf(fields: Fields): ModelFacts {
  const modalities = [
    'text',
    ...(fields['supports_vision'] === true ? ['image'] : []),
    ...(fields['supports_pdf_input'] === true ? ['pdf'] : []),
    ...(fields['supports_audio_input'] === true ? ['audio'] : []),
    ...(fields['supports_video_input'] === true ? ['video'] : []),
  ];
  const mode = textOf(fields['mode']) ?? '';
  const isChat = kinds[mode] === 'chat';
  return present({
    kind: Object.hasOwn(kinds, mode) ? kinds[mode] : 'other',
    contextTokens: countOf(fields['max_input_tokens']) ?? (isChat ? countOf(fields['max_tokens']) : undefined),
    maxOutputTokens: countOf(fields['max_output_tokens']),
    retiresOn: dateOf(fields['deprecation_date']),
    inputModalities: isChat
      ? [...new Set([...modalities, ...(textsOf(fields['supported_modalities']) ?? [])])]
      : undefined,
    outputModalities: textsOf(fields['supported_output_modalities']),
    abilities: present({
      tools: flagOf(fields['supports_function_calling']),
      jsonSchema: flagOf(fields['supports_response_schema']),
      reasoning: flagOf(fields['supports_reasoning']),
      assistantPrefill: flagOf(fields['supports_assistant_prefill']),
    }),
  });
}
