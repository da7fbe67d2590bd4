import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importPriceHistory } from './import-price-history.ts';
import { readCsv } from './read-csv.ts';

const whole =
  'date,commit,provider,model,event,input_old,output_old,input_new,output_new,cache_read_new,reasoning_new,tiers_new';

describe('a history of whole prices', () => {
  it('becomes quotes and removals, with tiers in the notation of the catalog', () => {
    const tiers = '"{""tiers"": [{""input"": 4.0, ""tier"": {""size"": 200000}}]}"';
    const history = importPriceHistory(
      `${whole}\n2026-01-01T00:00:00Z,c1,mistral,m,add,,,2,6.0,,,${tiers}\n2026-02-01T00:00:00Z,c2,mistral,m,remove,2,6,,,,,\n`,
    );
    expect(history).toMatchObject({ source: 'models.dev', rows: 2, problems: [] });
    expect(history?.observations).toEqual([
      {
        kind: 'quote',
        source: 'models.dev',
        endpointId: 'mistral/m',
        atMs: Date.parse('2026-01-01'),
        sourceHash: 'c1',
        sourceText: expect.stringContaining('6.0'),
        terms: {
          picosPerUnit: { input: 2_000_000n, output: 6_000_000n },
          rules: [{ when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 4_000_000n } }],
        },
      },
      expect.objectContaining({ kind: 'removed', endpointId: 'mistral/m', atMs: Date.parse('2026-02-01') }),
    ]);
  });

  it('names the line of a row that it cannot read', () => {
    const history = importPriceHistory(`${whole}\nyesterday,c,p,m,add,,,1,1,,,\n2026-01-01,c,p,m,add,,,x,1,,,{\n`);
    expect(history?.problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'date is none'],
      [3, 'tiers_new is no JSON object'],
      [3, 'input is no price: x'],
    ]);
    expect(importPriceHistory('a,b\n1,2\n')).toBeUndefined();
  });
});

describe('a history of single fields', () => {
  const header = 'source_repo,date,commit,model,litellm_provider,event,field,old_usd_per_1m,new_usd_per_1m';
  const read = (...rows: string[]): unknown[] =>
    importPriceHistory([header, ...rows].join('\n'))?.observations.map((one) =>
      one.kind === 'quote' ? { at: one.atMs, ...one.terms.picosPerUnit } : { at: one.atMs, kind: one.kind },
    ) ?? [];

  it('keeps what it learned of a model, one commit being one change', () => {
    expect(
      read(
        'r,1970-01-01T00:00:01Z,c,openai/a,openai,set,input_cost_per_token,,3.0',
        'r,1970-01-01T00:00:01Z,c,openai/a,openai,set,output_cost_per_token,,15',
        'r,1970-01-01T00:00:02Z,d,openai/a,,change,input_cost_per_token,3.0,2.5e0',
        'r,1970-01-01T00:00:03Z,e,openai/a,openai,remove,,,',
      ),
    ).toEqual([
      { at: 1000, input: 3_000_000n, output: 15_000_000n },
      { at: 2000, input: 2_500_000n, output: 15_000_000n },
      { at: 3000, kind: 'removed' },
    ]);
  });

  it('leaves out a change that a lagging mirror sees late', () => {
    expect(
      read(
        'r,1970-01-01T00:00:01Z,c,openai/a,openai,change,input_cost_per_token,3,2',
        'r,1970-01-01T00:00:02Z,c,openai/a,openai,change,input_cost_per_token,2,1',
        'mirror,1970-01-01T00:00:03Z,c,openai/a,openai,change,input_cost_per_token,3,2',
      ),
    ).toEqual([
      { at: 1000, input: 2_000_000n },
      { at: 2000, input: 1_000_000n },
    ]);
  });
});

describe('CSV', () => {
  it('gives back every table that was written with quotes', () => {
    const cell = fc.string();
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, newline) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',') + newline).join('');
        expect([...readCsv(text)]).toEqual(rows);
      }),
    );
  });

  it('never fails on arbitrary text', () => {
    fc.assert(fc.property(fc.string(), (text) => void importPriceHistory(`${whole}\n${text}`)));
  });
});
