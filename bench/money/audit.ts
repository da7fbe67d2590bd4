import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonLines, litellmRow } from '../../src/reports/audit/testing/log-writers.ts';
import { syntheticCalls, syntheticPrices, textPrices } from '../../src/reports/audit/testing/synthetic-log.ts';
import { auditLogs } from '../../src/reports/index.ts';
import type { Section } from '../section.ts';

const partRows = 50_000;
const goalSeconds = 20;
const goalRows = 1_000_000;

/** The audit of a spend log of a million rows, or a tenth of it, from the file to the report. */
export const audit: Section = {
  name: 'audit',
  async measure({ quick }) {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-audit-'));
    try {
      const file = join(folder, 'spend.jsonl');
      await writeLog(file, quick ? 2 : goalRows / partRows);
      const startNs = process.hrtime.bigint();
      const { total } = await auditLogs({ files: [file], prices: syntheticPrices(), priceSource: 'bench' });
      const seconds = Number(process.hrtime.bigint() - startNs) / 1e9;
      const rowsPerSecond = Math.round(total.rows / seconds);
      const memoryMb = Math.round(process.memoryUsage.rss() / 1e6);
      return [
        {
          name: `audit, ${total.rows.toLocaleString('en-US')} rows of a spend log`,
          value: rowsPerSecond,
          unit: 'rows/s',
          goal: { atLeast: goalRows / goalSeconds },
        },
        { name: 'audit, memory at its end', value: memoryMb, unit: 'MB' },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function writeLog(file: string, parts: number): Promise<void> {
  const out = createWriteStream(file);
  for (let part = 0; part < parts; part++) {
    const calls = syntheticCalls(partRows, part, Object.keys(textPrices));
    const rows = calls.map((call, at) => litellmRow({ ...call, session: `conversation-${at % 5000}` }));
    if (!out.write(jsonLines(rows))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}
