import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { rate } from '../../domain/rating/rating.ts';
import { hostFromEnvironment } from '../build-hosts.ts';
import { priceFromTexts } from '../configured-price.ts';
import { PriceBook } from './price-book.ts';
import { PriceDesk } from './price-desk.ts';

const provider = { id: 'acme', protocol: 'openai-chat' as const, baseUrl: '', keyEnv: [] };
const host = hostFromEnvironment(provider, 'http://127.0.0.1:1/v1', undefined);

const endpoint: Endpoint = {
  id: 'acme/small-2026',
  modelName: 'small',
  host,
  upstreamModel: 'small-2026',
  weight: 1,
  price: undefined,
  limits: {},
  capabilities: {},
};

function deskOf(text: string, book = new PriceBook()): PriceDesk {
  const { config, problems } = parseConfig(text);
  if (!config) throw new Error(JSON.stringify(problems));
  return new PriceDesk(config.contracts, book);
}

function bookWith(endpointId: string): PriceBook {
  const book = new PriceBook();
  const terms = { picosPerUnit: { input: 1_000_000n } };
  book.observe({ kind: 'quote', source: 'a', endpointId, atMs: 0, terms, sourceText: '1' });
  return book;
}

const inputOf = (desk: PriceDesk, at: Endpoint, atMs: number): bigint | undefined =>
  desk.priceOf(at, atMs).price?.picosPerUnit.input;

describe('the price of an endpoint', () => {
  it('is the configured one, else that of the price book at that instant, else unknown', () => {
    const configured = { ...endpoint, price: priceFromTexts({ input: '7' }) };
    const desk = deskOf('', bookWith('acme/small-2026'));
    expect(inputOf(desk, configured, 5)).toBe(7_000_000n);
    expect(inputOf(desk, endpoint, 5)).toBe(1_000_000n);
    expect(inputOf(desk, endpoint, -5)).toBeUndefined();
  });

  it('of a known provider under another name is the price of the provider', () => {
    const renamed = { ...endpoint, id: 'mine/small-2026', host: { ...host, id: 'mine' } };
    expect(inputOf(deskOf('', bookWith('acme/small-2026')), renamed, 5)).toBe(1_000_000n);
  });
});

describe('a contract', () => {
  const text = `
contracts:
  - { host: acme, ratio: 0.85 }
  - { host: acme, model: small, ratio: 0.123456, from: 2026-02-01, to: 2026-03-01 }
  - { key: batch-jobs, price: { input: 0.1 } }
  - { host: other, ratio: 0.5 }
`;
  const desk = deskOf(text, bookWith('acme/small-2026'));
  const january = Date.parse('2026-01-15');

  it('holds for its host, model and key from its first instant to before its last; the last that holds wins', () => {
    const ratioAt = (atMs: number): bigint | undefined => desk.priceOf(endpoint, atMs).contract?.ratioPpm;
    expect(ratioAt(january)).toBe(850_000n);
    expect(ratioAt(Date.parse('2026-02-01'))).toBe(123_456n);
    expect(ratioAt(Date.parse('2026-03-01') - 1)).toBe(123_456n);
    expect(ratioAt(Date.parse('2026-03-01'))).toBe(850_000n);
    expect(desk.priceOf({ ...endpoint, modelName: 'large' }, Date.parse('2026-02-02')).contract?.ratioPpm).toBe(
      850_000n,
    );
  });

  it('with a price of its own replaces the list price for its key', () => {
    expect(desk.priceOf(endpoint, january, 'batch-jobs')).toEqual({ price: priceFromTexts({ input: '0.1' }) });
    expect(desk.priceOf(endpoint, january, 'others').price?.picosPerUnit.input).toBe(1_000_000n);
  });

  it('has an id that says what it is, and is listed to be kept', () => {
    expect(desk.versions.contracts.map(({ ratioPpm }) => ratioPpm)).toEqual([500_000n, 123_456n, 850_000n]);
    expect(desk.versions.prices).toEqual([priceFromTexts({ input: '0.1' })]);
    expect(deskOf(text).versions).toEqual(desk.versions);
  });

  it('is refused when it is half said', () => {
    for (const wrong of [
      '{ ratio: 0.5 }',
      '{ host: acme }',
      '{ host: acme, ratio: 0.5, price: { input: 1 } }',
      '{ host: acme, ratio: 0.12345678 }',
      '{ host: acme, ratio: -1 }',
      '{ host: acme, ratio: 1, from: someday }',
    ]) {
      expect(parseConfig(`contracts: [${wrong}]`).problems, wrong).not.toEqual([]);
    }
  });
});

describe('a configured price', () => {
  const text = `
hosts: { acme: { protocol: openai-chat, baseUrl: "http://127.0.0.1:1/v1" } }
models:
  small:
    endpoints:
      - host: acme
        model: small-2026
        price:
          input: 1.25
          output: 10
          call: 0.001
          batch: 0.5
          regions: { eu: 1.1 }
          rules:
            - { overInput: 200000, input: 2.5, output: 15 }
            - { from: 22:00, to: 06:00, output: 5 }
            - { serviceTier: priority, batch: false, input: 4.25 }
`;

  it('may have rules, ratios and a fee for the call', () => {
    const { config, problems } = parseConfig(text);
    expect(problems).toEqual([]);
    const price = priceFromTexts(config?.models['small']?.endpoints[0]?.price);
    expect(price).toMatchObject({
      picosPerUnit: { input: 1_250_000n, output: 10_000_000n },
      picosPerCall: 1_000_000_000n,
      batchRatioPpm: 500_000n,
      regionRatioPpm: { eu: 1_100_000n },
      rules: [
        { when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 2_500_000n, output: 15_000_000n } },
        { when: { utcStartMs: 79_200_000, utcEndMs: 21_600_000 }, picosPerUnit: { output: 5_000_000n } },
        { when: { serviceTier: 'priority', batch: false }, picosPerUnit: { input: 4_250_000n } },
      ],
    });
    const usage = { buckets: { input: 1000, output: 100 }, source: 'provider' as const };
    const night = { startedAtMs: Date.parse('2026-01-01T23:00:00Z') };
    expect(rate(usage, price, night).costNanos).toBe(1_250_000n + 500_000n + 1_000_000n);
  });

  it('keeps its version id while its content is the same', () => {
    const ids = ['1', '1.0', '2'].map((input) => priceFromTexts({ input })?.versionId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(priceFromTexts({ input: '1', batch: '0.5' })?.versionId).not.toBe(ids[0]);
  });
});
