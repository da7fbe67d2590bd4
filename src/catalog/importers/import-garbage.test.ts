import fc from 'fast-check';
import { expect, it } from 'vitest';
import { catalogFormats } from './contract.ts';
import { importCatalog } from './import-catalog.ts';
import { observeCatalog } from './observe-catalog.ts';

const seeds = [
  '{"id":"openai/a","litellm_provider":"openai","input_cost_per_token":1e-6,"tiered_pricing":[{"range":[0,1]}]}',
  '{"provider_id":"openai","id":"a","release_date":"2026-01-01","limit":{"context":1},"cost":{"input":1,"tiers":[]}}',
  '{"id":"a/b","canonical_slug":"a/b","pricing":{"prompt":"1","overrides":[{"min_prompt_tokens":1,"prompt":"2"}]}}',
  '{"provider_id":"aws","id":"a","match":{"or":[{"equals":"a"}]},"prices":[{"constraint":{},"prices":{"input_mtok":1}}]}',
  '{"provider_id":"openai","id":"a","pricing_config":{"pay_as_you_go":{"request_token":{"price":1}}}}',
  '{"modelName":"a","pricingTiers":[{"isDefault":true,"conditions":[],"prices":{"input":1}}]}',
];

/** A row of some format in which any value may have become any other. */
const damagedRow = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 3 })), { maxLength: 4 }))
  .map(([seed, damages]) => {
    const row: unknown = JSON.parse(seed);
    for (const [at, value] of damages) damage(row, at, value);
    return row;
  });

function damage(root: unknown, at: number, value: unknown): void {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null) return;
    for (const [key, inner] of Object.entries(holder)) {
      places.push({ holder: holder as Record<string, unknown>, key });
      visit(inner);
    }
  };
  visit(root);
  const place = places[at % Math.max(places.length, 1)];
  if (place && place.key !== '__proto__') place.holder[place.key] = value;
}

function check(text: string): void {
  for (const format of [undefined, ...catalogFormats]) {
    const catalog = importCatalog(text, format && { format, provider: 'openai' });
    for (const observation of catalog ? observeCatalog(catalog, { atMs: 0 }) : []) {
      if (observation.kind !== 'quote') continue;
      const { picosPerUnit, rules = [] } = observation.terms;
      const prices = [picosPerUnit, ...rules.map((rule) => rule.picosPerUnit)].flatMap((one) => Object.values(one));
      for (const picos of prices) expect(typeof picos === 'bigint' && picos >= 0n).toBe(true);
    }
    for (const problem of catalog?.problems ?? []) expect(problem.message).not.toBe('');
  }
}

it('damaged rows are read or reported, and never crash an importer', () => {
  fc.assert(fc.property(fc.array(damagedRow, { maxLength: 4 }), (rows) => check(JSON.stringify(rows))));
  fc.assert(fc.property(damagedRow, damagedRow, (one, two) => check(`${JSON.stringify(one)}\n${JSON.stringify(two)}`)));
  fc.assert(fc.property(fc.dictionary(fc.string(), damagedRow), (table) => check(JSON.stringify({ data: table }))));
});

it('a price that is an object which looks like a text is reported', () => {
  const looksLikeText = { toString: '' };
  const row = { id: 'a/b', canonical_slug: 'a/b', pricing: { prompt: '1', completion: looksLikeText } };
  const catalog = importCatalog(JSON.stringify([row]), { format: 'openrouter', provider: 'openai' });
  expect(catalog?.problems.map(({ message }) => message)).toEqual([expect.stringContaining('{"toString":""}')]);
});

it('text that is cut anywhere never crashes an importer', () => {
  const text = seeds.join('\n');
  for (let at = 0; at < text.length; at += 3) check(text.slice(0, at));
});

it('arbitrary text never crashes an importer', () => {
  fc.assert(fc.property(fc.string(), check));
  fc.assert(fc.property(fc.json(), check));
});
