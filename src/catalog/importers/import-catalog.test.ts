import { describe, expect, it } from 'vitest';
import type { CatalogOffer, ImportedCatalog } from './contract.ts';
import { importCatalog, type ImportOptions } from './import-catalog.ts';
import { observeCatalog } from './observe-catalog.ts';

function read(document: unknown, options?: ImportOptions): ImportedCatalog {
  const catalog = importCatalog(typeof document === 'string' ? document : JSON.stringify(document), options);
  if (!catalog) throw new Error('the document was not recognized');
  return catalog;
}

function only(document: unknown, options?: ImportOptions): CatalogOffer {
  const { offers, problems } = read(document, options);
  expect(problems).toEqual([]);
  const [offer, ...others] = offers;
  if (!offer || others.length > 0) throw new Error(`${offers.length} offers`);
  return offer;
}

function termsOf(offer: CatalogOffer): NonNullable<CatalogOffer['prices'][number]>['terms'] {
  const terms = offer.prices[0]?.terms;
  if (!terms) throw new Error('the offer has no price');
  return terms;
}

const openrouter = (pricing: object): object => ({
  data: [{ id: 'maker/small', canonical_slug: 'maker/small', context_length: 8000, pricing }],
});

describe('prices as each catalog writes them', () => {
  it('[money 32] snap float junk below one pico and say so', () => {
    const offer = only(openrouter({ prompt: '0.0000006000000000000001', completion: '0.000002' }));
    expect(termsOf(offer).picosPerUnit).toEqual({ input: 600_000n, output: 2_000_000n });
    expect(offer.isInexact).toBe(true);
    expect(offer.sourceText).toContain('0.0000006000000000000001');
  });

  it('[money 33] snap repeating decimals to the nearest pico', () => {
    const perToken = only(openrouter({ prompt: '0.00000008333333333333334' }));
    expect([termsOf(perToken).picosPerUnit.input, perToken.isInexact]).toEqual([83_333n, true]);
    const perMillion = only(modelsDev('{"input":0.25599999,"output":1}'));
    expect([termsOf(perMillion).picosPerUnit.input, perMillion.isInexact]).toEqual([256_000n, true]);
  });

  it('[money 34] of -1 are dynamic, never a number', () => {
    const offer = only(openrouter({ prompt: '-1', completion: '-1' }));
    expect(offer).toMatchObject({ isDynamic: true, prices: [] });
    const catalog = read(openrouter({ prompt: '-1', completion: '-1' }));
    expect(observeCatalog(catalog, { atMs: 5 })).toMatchObject([
      { kind: 'dynamic', source: 'openrouter', endpointId: 'openrouter/maker/small', atMs: 5 },
    ]);
  });

  it('[money 35] of Portkey are cents per token, and its row of zeros is none', () => {
    const file = {
      default: { pricing_config: { pay_as_you_go: { request_token: { price: 0 } } } },
      small: {
        pricing_config: {
          pay_as_you_go: {
            request_token: { price: 0.001 },
            response_token: { price: 0.004 },
            additional_units: { cache_write_1h: { price: 0.002 }, web_search: { price: 1 } },
          },
          batch_config: { request_token: { price: 0.0005 }, response_token: { price: 0.002 } },
        },
      },
    };
    const offer = only(file, { provider: 'openai' });
    expect(offer).toMatchObject({ host: 'openai', model: 'small', isKnownHost: true });
    expect(termsOf(offer)).toEqual({
      picosPerUnit: { input: 10_000_000n, output: 40_000_000n, cacheWrite1h: 20_000_000n, requests: 10_000_000_000n },
      batchRatioPpm: 500_000n,
    });
    expect(read(file).problems).toMatchObject([{ row: 'small', message: expect.stringContaining('provider') }]);
  });

  it('of LiteLLM multiply tier, service tier, batch and cache lifetime into the key', () => {
    const text = `{"gemini/large": {"litellm_provider": "gemini", "mode": "chat",
      "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-7,
      "cache_creation_input_token_cost_above_1hr": 2e-06,
      "cache_read_input_token_cost_above_272k_tokens_priority": 5e-7, "input_cost_per_token_above_200k_tokens": 2.5e-06,
      "input_cost_per_token_priority": 2e-6, "input_cost_per_token_batches": 6.25e-07,
      "regional_processing_uplift_multiplier_eu": 1.1, "brand_new_cost_per_dream": 1, "sparkle": true}}`;
    const offer = only(text);
    expect(offer).toMatchObject({ host: 'gemini', model: 'large' });
    expect(termsOf(offer)).toEqual({
      picosPerUnit: { input: 1_250_000n, output: 10_000_000n, cacheRead: 125_000n, cacheWrite1h: 2_000_000n },
      rules: [
        { when: { serviceTier: 'priority' }, picosPerUnit: { input: 2_000_000n } },
        { when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 2_500_000n } },
        { when: { minTotalInputGt: 272_000, serviceTier: 'priority' }, picosPerUnit: { cacheRead: 500_000n } },
      ],
      batchRatioPpm: 500_000n,
      regionRatioPpm: { eu: 1_100_000n },
    });
    expect(read(text).ignoredKeys).toEqual([
      { key: 'brand_new_cost_per_dream', rows: 1, reason: 'not rated' },
      { key: 'sparkle', rows: 1, reason: 'unknown' },
    ]);
  });

  it('of LiteLLM may be tiered by ranges, and rows for regions and commitments price no model', () => {
    const table = {
      'dashscope/flash': {
        litellm_provider: 'dashscope',
        tiered_pricing: [
          { input_cost_per_token: 5e-8, output_cost_per_token: 4e-7, range: [0, 256000] },
          { input_cost_per_token: 2.5e-7, output_cost_per_token: 0.000002, range: [256000, 1000000] },
        ],
      },
      'bedrock/us-gov-west-1/1-month-commitment/x': { litellm_provider: 'bedrock', input_cost_per_token: 1 },
      'azure/us/y': { litellm_provider: 'azure', input_cost_per_token: 1 },
    };
    expect(termsOf(only(table))).toEqual({
      picosPerUnit: { input: 50_000n, output: 400_000n },
      rules: [{ when: { minTotalInputGt: 256_000 }, picosPerUnit: { input: 250_000n, output: 2_000_000n } }],
    });
  });

  it('of models.dev have tiers, and modes that are asked for by service tier', () => {
    const cost = `{"input":2.5,"output":15,"cache_read":0.25,"tiers":[{"tier":{"size":272000},"input":5,"output":22.5}]}`;
    const modes = `,"experimental":{"modes":{"fast":{"cost":{"input":5},"provider":{"body":{"service_tier":"priority"}}}}}`;
    const offer = only(modelsDev(cost, modes));
    expect(termsOf(offer)).toEqual({
      picosPerUnit: { input: 2_500_000n, output: 15_000_000n, cacheRead: 250_000n },
      rules: [
        { when: { serviceTier: 'priority' }, picosPerUnit: { input: 5_000_000n } },
        { when: { minTotalInputGt: 272_000 }, picosPerUnit: { input: 5_000_000n, output: 22_500_000n } },
      ],
    });
    expect(offer.facts).toMatchObject({ contextTokens: 400_000, maxOutputTokens: 128_000, releasedOn: '2026-03-17' });
  });

  it('of OpenRouter have overrides of which the later ones win', () => {
    const overrides = [
      { min_prompt_tokens: 256_000, prompt: '0.0000002' },
      { min_prompt_tokens: 32_000, prompt: '0.0000001', completion: '0.0000004' },
      { moon_phase: 'full', prompt: '0' },
    ];
    const catalog = read(openrouter({ prompt: '0.00000003', completion: '0.00000013', request: '0', overrides }));
    expect(catalog.problems).toMatchObject([{ row: 'maker/small', message: expect.stringContaining('overrides') }]);
    expect(catalog.offers[0]?.prices[0]?.terms.rules).toEqual([
      { when: { minTotalInputGt: 32_000 }, picosPerUnit: { input: 100_000n, output: 400_000n } },
      { when: { minTotalInputGt: 256_000 }, picosPerUnit: { input: 200_000n } },
    ]);
  });

  it('of genai-prices are dated, and at times of day', () => {
    const prices = [
      { prices: { input_mtok: 0.135, output_mtok: 0.55, web_searches_kcount: 10 } },
      {
        constraint: { start_time: '00:30:00Z', end_time: '16:30:00Z' },
        prices: { input_mtok: 0.27, output_mtok: 1.1 },
      },
      {
        constraint: { start_date: '2026-09-01' },
        prices: { input_mtok: { base: 1, tiers: [{ start: 200000, price: 2 }] } },
      },
    ];
    const match = { or: [{ starts_with: 'deepseek-chat' }, { regex: '(x+x+)+y' }] };
    const offer = only([{ id: 'deepseek', models: [{ id: 'deepseek-chat', match, prices }] }]);
    expect(offer.prices).toEqual([
      {
        fromMs: undefined,
        terms: {
          picosPerUnit: { input: 135_000n, output: 550_000n, requests: 10_000_000_000n },
          rules: [
            {
              when: { utcStartMs: 1_800_000, utcEndMs: 59_400_000 },
              picosPerUnit: { input: 270_000n, output: 1_100_000n },
            },
          ],
        },
      },
      {
        fromMs: Date.parse('2026-09-01'),
        terms: {
          picosPerUnit: { input: 1_000_000n },
          rules: [{ when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 2_000_000n } }],
        },
      },
    ]);
    expect([offer.matches?.('DeepSeek-Chat-V3'), offer.matches?.('other')]).toEqual([true, false]);
  });

  it('of Langfuse have conditions on service tier and input', () => {
    const tier = (name: string, conditions: object[], prices: object): object => ({
      name,
      isDefault: conditions.length === 0,
      conditions,
      prices,
    });
    const pricingTiers = [
      tier('Standard', [], { input: 2.5e-6, input_cached_tokens: 1.25e-6, output: 1e-5 }),
      tier('Flex', [{ key: 'service_tier', operator: 'in', values: ['flex'] }], { input: 1e-6 }),
      tier('Long', [{ usageDetailPattern: '(input)', operator: 'gt', value: 272000 }], { input: 5e-6 }),
      tier('Fast', [{ key: 'speed', operator: 'in', values: ['fast'] }], { input: 9 }),
    ];
    expect(termsOf(only([{ modelName: 'm', pricingTiers }]))).toEqual({
      picosPerUnit: { input: 2_500_000n, cacheRead: 1_250_000n, output: 10_000_000n },
      rules: [
        { when: { serviceTier: 'flex' }, picosPerUnit: { input: 1_000_000n } },
        { when: { minTotalInputGt: 272_000 }, picosPerUnit: { input: 5_000_000n } },
      ],
    });
  });
});

describe('a catalog with faults', () => {
  it('names line and key of a bad row and keeps the others', () => {
    const good = JSON.stringify({ id: 'openai/a', litellm_provider: 'openai', input_cost_per_token: 1e-6 });
    const bad = JSON.stringify({ id: 'openai/b', litellm_provider: 'openai', input_cost_per_token: '$3' });
    const catalog = read(`${good}\n${bad}\n{broken\n${good.replace('/a', '/c')}\n`);
    expect(catalog.offers.map(({ model, prices }) => [model, prices.length])).toEqual([
      ['a', 1],
      ['b', 0],
      ['c', 1],
    ]);
    expect(catalog.problems).toEqual(
      [
        { line: 3, row: 'line 3', message: 'is no JSON object' },
        { line: 2, row: 'openai/b', message: 'input_cost_per_token is no price: $3' },
      ].toSorted((left, right) => left.line - right.line),
    );
  });

  it.each(['', 'hello', '[]', '{}', '[1,2]', '{"a":1}', 'null', '{"data":[]}'])('is not recognized in %j', (text) => {
    expect(importCatalog(text)).toBeUndefined();
  });
});

function modelsDev(cost: string, more = ''): string {
  const row = `{"provider_id":"openai","id":"gpt-x","name":"X","release_date":"2026-03-17","cost":${cost}${more},
    "limit":{"context":400000,"output":128000},"modalities":{"input":["text"],"output":["text"]}}`;
  return row.replaceAll('\n', ' ');
}
