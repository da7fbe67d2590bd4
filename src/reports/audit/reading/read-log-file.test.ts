import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditRow } from '../audit-row.ts';
import type { FileReport } from '../audit-report.ts';
import { jsonLines, litellmRow, objectsAsCsv, openrouterCsv } from '../testing/log-writers.ts';
import { syntheticCalls } from '../testing/synthetic-log.ts';
import { CsvSplitter } from './csv-splitter.ts';
import { parseInstant } from './instant.ts';
import { JsonSplitter } from './json-splitter.ts';
import { LineSplitter } from './line-splitter.ts';
import { readLogFile } from './read-log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(text: string | Buffer): Promise<{ report: FileReport; rows: AuditRow[] }> {
  const file = join(folder, 'log');
  writeFileSync(file, text);
  const rows: AuditRow[] = [];
  return { report: await readLogFile(file, (row) => rows.push(row)), rows };
}

const calls = syntheticCalls(5, 3, ['openai/gpt-4o']);
const row = (at: number): object => litellmRow(calls[at] ?? calls[0] ?? ({} as never));

describe('a log file', () => {
  it('tells bad rows with their line and reason, and goes on', async () => {
    const lines = [
      JSON.stringify(row(0)),
      '{"request_id": broken',
      '[1]',
      JSON.stringify({ ...row(1), startTime: 'yesterday' }),
      JSON.stringify({ ...row(2), prompt_tokens: -5 }),
      JSON.stringify({ ...row(3), spend: 'much' }),
      JSON.stringify(row(4)),
    ];
    const { report, rows } = await read(lines.join('\n'));
    expect(rows).toHaveLength(2);
    expect(report.badCount).toBe(5);
    expect(report.bad).toEqual([
      { line: 2, reason: 'is no JSON: {"request_id": broken' },
      { line: 3, reason: 'is no JSON object' },
      { line: 4, reason: 'startTime "yesterday" is no date' },
      { line: 5, reason: 'prompt_tokens "-5" is no whole number' },
      { line: 6, reason: 'spend "much" is no amount' },
    ]);
  });

  it('names columns that it does not know', async () => {
    const { report } = await read(
      jsonLines([
        { ...row(0), our_own_column: 1 },
        { ...row(1), another: 2 },
      ]),
    );
    expect(report.unknownColumns).toEqual(['our_own_column', 'another']);
  });

  it('counts lines of CSV through cells with line breaks, and finds a quote that is never closed', async () => {
    const good = objectsAsCsv([{ ...row(0), model: 'gpt\n4o' }, row(1)]);
    const broken = `${good}"never closed,1,2\n${objectsAsCsv([row(2)]).split('\n')[1]}\n`;
    const { report, rows } = await read(broken);
    expect(rows.map(({ modelName }) => modelName)).toEqual(['gpt\n4o', 'gpt-4o', 'gpt-4o']);
    expect(report.bad).toEqual([{ line: 5, reason: 'a quote is never closed' }]);
  });

  it('reads semicolons, a byte order mark and CRLF, as spreadsheets write them', async () => {
    const text = openrouterCsv(calls).replaceAll(',', ';').replaceAll('\n', '\r\n');
    const { report, rows } = await read(`\uFEFF${text}`);
    expect(report).toMatchObject({ format: 'OpenRouter activity export', badCount: 0, unknownColumns: [] });
    expect(rows).toHaveLength(calls.length);
    expect(rows[0]?.statedNanos).toBe(BigInt((calls[0]?.stated ?? '').replace('0.', '')));
  });

  it('tells where a document was cut off, and keeps what came before', async () => {
    const text = JSON.stringify([row(0), row(1), row(2)], undefined, 1);
    const { report, rows } = await read(text.slice(0, -30));
    expect(rows).toHaveLength(2);
    expect(report.bad).toMatchObject([{ reason: 'the file ends in the middle of a record' }]);
  });

  it.each([
    ['', /is empty/],
    ['a,b,c\n1,2,3\n', /none of the known logs .*its columns are a, b, c/],
    ['{"a":1}\n', /none of the known logs/],
    [Buffer.from([0x50, 0x4b, 3, 4]), /zip archive or a spreadsheet/],
    [Buffer.from([0xff, 0xfe, 0x61, 0]), /UTF-16/],
  ])('is refused in one sentence when it is no log: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('keeps amounts exact however they are written', async () => {
    const source = JSON.stringify({ ...row(0), spend: 0 }).replace('"spend":0', '"spend":9007199.254740993001');
    const nested = source.replace('"call_type"', '"other":{"spend":1},"call_type"');
    for (const text of [source, nested]) {
      const { rows } = await read(`${text}\n`);
      expect(rows[0]?.statedNanos).toBe(9_007_199_254_740_993n);
    }
  });
});

describe('splitting', () => {
  it('of JSON gives the same records at any cut of the bytes', () => {
    const record = fc.dictionary(
      fc.string(),
      fc.oneof(fc.string(), fc.integer(), fc.array(fc.string()), fc.constant({ a: '}]"' })),
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(2), (records, cut, form) => {
        const listed = JSON.stringify(records, undefined, form);
        const text = Buffer.from(form === 1 ? `{"object":"page","data":${listed},"more":[{}]}` : listed);
        const at = cut % (text.length + 1);
        const found: unknown[] = [];
        const splitter = new JsonSplitter((json) => found.push(JSON.parse(json)));
        splitter.push(text.subarray(0, at));
        splitter.push(text.subarray(at));
        expect(found).toEqual(JSON.parse(JSON.stringify(records)));
        expect(splitter.end()).toBeUndefined();
      }),
    );
  });

  it('of CSV gives the cells that were written, at any cut of the bytes', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'é', ' ') });
    const written = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(written, fc.nat(), (records, cut) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = Buffer.from(records.map((cells) => cells.map(quote).join(',')).join('\n'));
        const at = cut % (text.length + 1);
        const found: string[][] = [];
        const csv = new CsvSplitter(
          ',',
          (cells) => found.push(cells),
          () => undefined,
        );
        const lines = new LineSplitter(
          (line, number) => csv.push(line, number),
          () => undefined,
        );
        lines.push(text.subarray(0, at));
        lines.push(text.subarray(at));
        lines.end();
        csv.end();
        expect(found).toEqual(records);
      }),
    );
  });
});

describe('an instant', () => {
  it.each([
    ['2026-03-01', 0],
    ['2026-03-01T00:00:01Z', 1000],
    ['2026-03-01 00:00:01', 1000],
    ['2026-03-01 00:00:01.5', 1500],
    ['2026-03-01 00:00:01.123456', 1123],
    ['2026-03-01T00:00:01.25+00:00', 1250],
    ['2026-03-01T02:00:01+02:00', 1000],
    ['2026-02-28 19:00:01-05', 1000],
    ['1772323201', 1000],
    ['1772323201000', 1000],
    ['1772323201.5', 1500],
  ])('is read from %s', (text, ms) => {
    expect(parseInstant(text)).toBe(Date.UTC(2026, 2, 1) + ms);
  });

  it.each(['', 'now', '2026-13-01', '2026-02-30', '2026-03-01T25:00:00Z', '2026-03-01 00:00:01 PST', '12'])(
    'is not read from %j',
    (text) => expect(parseInstant(text)).toBeUndefined(),
  );
});
