import { describe, expect, it } from 'vitest';
import { createProviderRegistry } from '../../providers/index.ts';
import { systemClock } from '../../platform/clock.ts';
import { PriceBook } from '../price-book/index.ts';
import { CatalogFacts } from './catalog-facts.ts';
import { readStoredPrice } from './stored-row.ts';
import { shippedObservations } from './shipped-observations.ts';

const facts = new CatalogFacts();
const everyRow = facts.hosts().flatMap((host) => [...facts.rows(host)].map((row) => ({ host, row })));
const atMs = Date.parse('2026-09-15');

describe('the shipped catalog', () => {
  it('has at least 300 current models, by weights and not by offer, at at least 25 hosts that we can call', () => {
    const registry = createProviderRegistry({ clock: systemClock });
    const known = new Set(registry.listProviders().map(({ id }) => id));
    expect(facts.hosts().filter((host) => !known.has(host))).toEqual([]);
    expect(facts.hosts().length).toBeGreaterThanOrEqual(25);
    const current = everyRow.filter(({ row }) => row.deprecated !== true && row.prices !== undefined);
    expect(new Set(current.flatMap(({ row }) => row.base ?? [])).size).toBeGreaterThanOrEqual(300);
  });

  it('names for each row where it is from, and for each catalog the date of its state', () => {
    const nameless = everyRow.filter(({ row: { sources, prices, pricedBy = '' } }) => {
      const isFrom = (letters: string): boolean => letters !== '' && [...letters].every((one) => facts.origins[one]);
      return !isFrom(sources) || (prices !== undefined && !isFrom(pricedBy));
    });
    expect(nameless).toEqual([]);
    for (const { date } of Object.values(facts.origins)) expect(date).toMatch(/^2026-\d{2}-\d{2}$/);
  });

  it('holds every model of a host once, with exact prices and sensible limits', () => {
    const names = everyRow.map(({ host, row }) => `${host}/${row.model}`);
    expect(new Set(names).size).toBe(names.length);
    const wrong = everyRow.filter(({ row: { context = 1, output = 1, prices = [] } }) => {
      const isRead = prices.every((stored) => {
        const { picosPerUnit, rules = [] } = readStoredPrice(stored);
        const buckets = Object.keys(stored.usd).length;
        return Object.keys(picosPerUnit).length === buckets && rules.length === (stored.rules ?? []).length;
      });
      return context <= 0 || output <= 0 || !isRead;
    });
    expect(wrong).toEqual([]);
  });

  it('has moving names as rows of their own that point at a model of the same host, or say that nobody knows', () => {
    const moving = everyRow.filter(({ row }) => row.alias !== undefined);
    expect(moving.length).toBeGreaterThan(0);
    for (const { host, row } of moving.filter((one) => one.row.alias !== '?')) {
      expect(facts.find(host, row.alias ?? '', atMs)).toBeDefined();
      const [own, behind] = [facts.find(host, row.model, atMs), facts.find(host, row.alias ?? '', atMs)];
      expect(own?.price?.versionId).toBe(behind?.price?.versionId);
    }
    expect(everyRow.filter(({ row }) => row.model.endsWith('-latest') && row.alias === undefined)).toEqual([]);
  });

  it('gives price, limits and capabilities of a model, and the price of the day', () => {
    const found = facts.find('anthropic', 'claude-sonnet-5', Date.parse('2026-08-01'));
    expect(found).toMatchObject({
      priceState: 'agreed',
      limits: { contextTokens: 1_000_000, maxOutputTokens: 128_000 },
      capabilities: { tools: true, images: true },
      price: {
        picosPerUnit: { input: 2_000_000n, output: 10_000_000n, cacheRead: 200_000n, cacheWrite1h: 4_000_000n },
      },
    });
    expect(found?.price?.batchRatioPpm).toBe(500_000n);
    const later = facts.find('anthropic', 'claude-sonnet-5', Date.parse('2026-09-01'));
    expect(later?.price?.picosPerUnit).toMatchObject({ input: 3_000_000n, output: 15_000_000n });
    expect(later?.price?.versionId).not.toBe(found?.price?.versionId);
    expect(facts.find('anthropic', 'claude-9', atMs)).toBeUndefined();
    expect(facts.find('__proto__', 'x', atMs)).toBeUndefined();
  });

  it('shows where catalogs differ instead of averaging', () => {
    const disputed = everyRow.filter(({ row }) => row.differing !== undefined && row.alias === undefined);
    const states = disputed.map(({ host, row }) => facts.find(host, row.model, atMs)?.priceState);
    expect(new Set(states)).toEqual(new Set(['disputed']));
  });

  it('tells a price book what each catalog says, so that it starts with the same prices', () => {
    const book = new PriceBook();
    for (const observation of shippedObservations(facts)) book.observe(observation);
    book.advance(Date.parse('2026-11-01'));
    const own = facts.find('openai', 'gpt-5.5', atMs)?.price?.picosPerUnit;
    expect(book.priceAt('openai/gpt-5.5', atMs)?.price.picosPerUnit).toEqual(own);
    expect(book.view('openai/gpt-5.5')?.state).toMatchObject({ kind: 'agreed' });
    const [alias] = everyRow.filter(({ row }) => row.alias !== undefined && row.alias !== '?');
    const nowMs = Date.parse('2026-11-01');
    expect(book.view(`${alias?.host}/${alias?.row.model}`)).toBeUndefined();
    expect(book.priceAt(`${alias?.host}/${alias?.row.model}`, nowMs)).toBe(
      book.priceAt(`${alias?.host}/${alias?.row.alias}`, nowMs),
    );
  });
});
