import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditLogs } from '../audit-logs.ts';
import { reportLines } from '../report-text.ts';
import { jsonLines, litellmRow } from '../testing/log-writers.ts';
import { syntheticCalls, syntheticPrices } from '../testing/synthetic-log.ts';
import { reportPage } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hostile = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `</title></style></svg><script>alert(1)</script>`,
  `&lt;b&gt; &amp; \u202Egnp.exe`,
  `\u001b[31mred\u0007`,
];

describe('hostile names of a log', () => {
  const calls = syntheticCalls(60, 5, ['openai/gpt-4o', 'openai/unknown']).map((call, at) => {
    const name = hostile[at % hostile.length] ?? '';
    return { ...call, user: name, job: name, model: at % 3 === 0 ? name : call.model, session: name };
  });
  const file = join(folder, '<img src=x>.jsonl');
  const rows = [...calls.map(litellmRow), { ...litellmRow(calls[0] as never), request_id: 'x', [hostile[0] ?? '']: 1 }];
  writeFileSync(file, jsonLines(rows));
  const audited = auditLogs({ files: [file], prices: syntheticPrices(), priceSource: hostile[1] ?? '' });

  it('are text on the page and nothing else', async () => {
    const page = reportPage(await audited);
    expect(page).not.toMatch(/<script>alert|<img|<b>/);
    // Inside a tag a quote would end the value it stands in.
    for (const [tag] of page.matchAll(/<[a-z][^>]*>/g)) expect(tag).not.toMatch(/on(error|mouseover)\s*=/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('do not drive the terminal', async () => {
    const lines = reportLines(await audited, { columns: 100, isColoured: false }).join('\n');
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(lines).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});
