import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { AuditTally } from '../audit-tally.ts';
import { auditLogs } from '../audit-logs.ts';
import type { AuditReport } from '../audit-report.ts';
import { jsonLines, litellmRow, objectsAsCsv } from '../testing/log-writers.ts';
import { syntheticCalls, syntheticPrices } from '../testing/synthetic-log.ts';
import { readLogStream } from './read-log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-odd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function put(content: string | Buffer): string {
  const file = join(folder, `log-${files++}`);
  writeFileSync(file, content);
  return file;
}

const audit = (...paths: readonly string[]): Promise<AuditReport> =>
  auditLogs({ files: paths, prices: syntheticPrices(), priceSource: 'test' });

const rows = syntheticCalls(400, 21, ['openai/gpt-4o']).map(litellmRow);

describe('an odd file', () => {
  it('that is cut-off gzip keeps what came before the cut, and the total is called incomplete', async () => {
    const report = await audit(put(gzipSync(jsonLines(rows)).subarray(0, -2000)));
    expect(report.files[0]?.bad.at(-1)?.reason).toMatch(/the gzip data ends early or is damaged/);
    expect(report.total.isComplete).toBe(false);
    expect(report.total.rows).toBeGreaterThan(0);
    expect(report.total.rows).toBeLessThan(rows.length);
  });

  it.each([20, 400])('that is gzip cut after %s bytes is refused as damaged', async (bytes) => {
    await expect(audit(put(gzipSync(jsonLines(rows)).subarray(0, bytes)))).rejects.toThrow(/is damaged: its gzip data/);
  });

  it('with a byte order mark, CRLF and no last line break reads like any other', async () => {
    const plain = await audit(put(jsonLines(rows)));
    const text = `\uFEFF${jsonLines(rows).trimEnd().replaceAll('\n', '\r\n')}`;
    const csv = `\uFEFF${objectsAsCsv(rows).trimEnd().replaceAll('\n', '\r\n')}`;
    for (const other of [text, csv]) {
      const report = await audit(put(other));
      expect(report.total).toEqual(plain.total);
      expect(report.files[0]).toMatchObject({ badCount: 0, unknownColumns: [] });
    }
  });

  it.each(['\uFEFF', ''])('in UTF-16 is named as such, with a mark or without (%j)', async (mark) => {
    const file = put(Buffer.from(mark + jsonLines(rows), 'utf16le'));
    await expect(audit(file)).rejects.toThrow(/is UTF-16; save it as UTF-8/);
  });

  it('with characters of several bytes reads them whole, wherever the chunks are cut', async () => {
    const named = syntheticCalls(30, 4, ['openai/gpt-4o']).map((call) => litellmRow({ ...call, user: 'Zoë 東京 🚀' }));
    const bytes = Buffer.from(jsonLines(named));
    for (const size of [1, 7, 4096]) {
      const users = new Set<string | undefined>();
      const chunks = Readable.from(piecesOf(bytes, size));
      await readLogStream({ name: 'stream', sizeBytes: bytes.length, stream: chunks }, ({ user }) => users.add(user));
      expect([...users]).toEqual(['Zoë 東京 🚀']);
    }
  });

  it('that stands twice, or overlaps another in another form, counts once', async () => {
    const [one, csv] = [put(jsonLines(rows)), put(gzipSync(objectsAsCsv(rows.slice(100))))];
    const report = await audit(one, one, csv);
    expect(report.total).toMatchObject({ rows: 400, duplicates: 400 + 300 });
    expect(report.total.costNanos).toBe((await audit(one)).total.costNanos);
  });
});

describe('a file without end', () => {
  it('does not grow the memory: sums are kept, rows are not', async () => {
    const calls = syntheticCalls(2000, 9, ['openai/gpt-4o', 'gemini/gemini-long']);
    const filler = 'x'.repeat(8_000);
    const part = jsonLines(
      calls.map((call) => ({
        ...litellmRow({ ...call, session: `s-${call.user}` }),
        request_id: null,
        response: filler,
      })),
    );
    const tally = new AuditTally(syntheticPrices());
    const heap: number[] = [];
    const bytes = Buffer.from(part);
    function* stream(): Generator<Buffer> {
      for (let round = 0; round < 10; round++) {
        yield* piecesOf(bytes, 1 << 20);
        heap.push(process.memoryUsage().heapUsed);
      }
    }
    await readLogStream({ name: 'endless', sizeBytes: 0, stream: Readable.from(stream()) }, (row) => tally.add(row));
    expect(tally.total.rows).toBe(20_000);
    const [early, late] = [Math.min(...heap.slice(1, 5)), Math.min(...heap.slice(5))];
    expect(late - early).toBeLessThan(bytes.length);
  }, 60_000);
});

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
