import { parsePricePerMillion } from '../../../domain/money/money.ts';
import type { Price } from '../../../domain/rating/price.ts';
import { createSeededRandom } from '../../../platform/random.ts';
import type { Offer } from '../prices/offer.ts';
import { OfferTable } from '../prices/offer-table.ts';
import type { TextPrice } from './exact-total.ts';
import type { SyntheticCall } from './log-writers.ts';

/** First instant of synthetic logs. */
export const startMs = Date.UTC(2026, 2, 1);
const dayMs = 86_400_000;

/** Prices of synthetic hosts; one changes in the middle of the month, one has a tier, one has odd digits. */
export const textPrices: { readonly [endpoint: string]: readonly TextPrice[] } = {
  'openai/gpt-4o': [
    { fromMs: 0, input: '2.5', output: '10', cacheRead: '1.25' },
    { fromMs: startMs + 15 * dayMs + 12 * 3_600_000, input: '3.75', output: '15', cacheRead: '1.875' },
  ],
  'openai/gpt-mini': [{ fromMs: 0, input: '0.0028', output: '0.13', cacheRead: '0' }],
  'anthropic/claude-test': [{ fromMs: 0, input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' }],
  'gemini/gemini-long': [
    {
      fromMs: 0,
      input: '1.25',
      output: '10',
      cacheRead: '0.083333',
      above: { units: 200_000, input: '2.5', output: '15' },
    },
  ],
  'azure-openai/gpt-4o': [{ fromMs: 0, input: '2.2', output: '8.8', cacheRead: '1.1' }],
};

/** The same prices as the audit takes them. */
export function syntheticPrices(texts: typeof textPrices = textPrices): OfferTable {
  const offers = Object.entries(texts).map(([endpoint, versions]): Offer => {
    const slash = endpoint.indexOf('/');
    const model = endpoint.slice(slash + 1);
    return {
      host: endpoint.slice(0, slash),
      model,
      baseModel: model,
      versions: versions.map((text, at) => ({
        fromMs: text.fromMs === 0 ? undefined : text.fromMs,
        price: priceOf(text, `${endpoint}#${at}`),
      })),
    };
  });
  return new OfferTable(offers);
}

function priceOf(text: TextPrice, versionId: string): Price {
  const picos = (usd: string): bigint => parsePricePerMillion(usd)?.picosPerToken ?? -1n;
  return {
    versionId,
    picosPerUnit: {
      input: picos(text.input),
      output: picos(text.output),
      ...(text.cacheRead !== undefined && { cacheRead: picos(text.cacheRead) }),
      ...(text.cacheWrite !== undefined && { cacheWrite5m: picos(text.cacheWrite) }),
      ...(text.reasoning !== undefined && { reasoning: picos(text.reasoning) }),
    },
    ...(text.above && {
      rules: [
        {
          when: { minTotalInputGt: text.above.units },
          picosPerUnit: { input: picos(text.above.input), output: picos(text.above.output) },
        },
      ],
    }),
  };
}

/** Calls over a month, the same for the same seed; whole seconds, since some formats know no finer time. */
export function syntheticCalls(count: number, seed: number, endpoints: readonly string[]): SyntheticCall[] {
  const random = createSeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.unit() * limit);
  return Array.from({ length: count }, (_, index) => {
    const endpoint = endpoints[below(endpoints.length)] ?? '';
    const slash = endpoint.indexOf('/');
    const input = below(10) === 0 ? 199_990 + below(20) : 1 + below(20_000);
    const output = below(3_000);
    return {
      id: `call-${seed}-${index}`,
      atMs: startMs + below(30 * 86_400) * 1000,
      host: endpoint.slice(0, slash),
      model: endpoint.slice(slash + 1),
      input,
      cacheRead: below(3) === 0 ? below(input) : 0,
      cacheWrite: 0,
      output,
      reasoning: below(4) === 0 ? below(output + 1) : 0,
      user: `user-${below(40)}`,
      job: ['support reply', 'code review', 'summaries', 'search'][below(4)] ?? '',
      stated: `0.${String(below(1_000_000)).padStart(9, '0')}`,
    };
  });
}
