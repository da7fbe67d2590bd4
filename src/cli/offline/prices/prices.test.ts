import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { main } from '../../index.ts';

let folder: string;
let terminal: TestTerminal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-prices-'));
  terminal = createTestTerminal({});
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plant(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const litellm = (prices: Record<string, number>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(prices).map(([model, price]) => [
        `openai/${model}`,
        { litellm_provider: 'openai', input_cost_per_token: price, output_cost_per_token: 8e-6 },
      ]),
    ),
  );

describe('prices diff', () => {
  it('shows both figures of what differs, and counts what came and went', async () => {
    const from = plant('from.json', litellm({ a: 2e-6, b: 1e-6, gone: 1e-6 }));
    const to = plant('to.json.gz', gzipSync(litellm({ a: 3e-6, b: 1.005e-6, fresh: 1e-6 })));
    expect(await main(['prices', 'diff', from, to], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/openai\/a +moved +input +2 +3\n/);
    expect(terminal.stdout()).toContain('2 endpoints in both, 1 agree within 1 %; 1 only in');
    expect(terminal.stdout()).not.toContain('openai/b');
    const json = createTestTerminal({});
    expect(await main(['prices', 'diff', from, to, '--all', '--json'], json)).toBe(0);
    expect(JSON.parse(json.stdout())).toMatchObject({
      from: 'litellm',
      shared: 2,
      differences: [
        { endpointId: 'openai/a', figures: [{ figure: 'input', from: '2', to: '3', isMove: true }] },
        { endpointId: 'openai/b', figures: [{ figure: 'input', from: '1', to: '1.005', isMove: false }] },
        { endpointId: 'openai/fresh', change: 'added' },
        { endpointId: 'openai/gone', change: 'removed' },
      ],
    });
  });

  it('says what is wrong with a file or a day', async () => {
    const good = plant('good.json', litellm({ a: 1e-6 }));
    expect(await main(['prices', 'diff', good, plant('bad.json', '{"a": 1}')], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('bad.json is no catalog of a known format');
    expect(await main(['prices', 'diff', good, join(folder, 'none.json')], terminal)).toBe(1);
    expect(await main(['prices', 'diff', good, good, '--at', 'soon'], terminal)).toBe(2);
  });
});

describe('prices import --dry-run', () => {
  it('says what would be told to the price book, and names fields and rows that are not read', async () => {
    const row = { litellm_provider: 'openai', input_cost_per_token: 'free', sparkle: 1 };
    const file = plant('catalog.json', JSON.stringify({ ...JSON.parse(litellm({ a: 1e-6 })), 'openai/b': row }));
    expect(await main(['prices', 'import', file, '--dry-run'], terminal)).toBe(1);
    expect(terminal.stdout()).toContain('catalog of litellm, 2 rows');
    expect(terminal.stdout()).toContain('sparkle in 1 rows (unknown)');
    expect(terminal.stdout()).toContain('openai/b: input_cost_per_token is no price: free');
    expect(terminal.stdout()).toContain('Nothing was changed.');
  });

  it('reads a history of changes as well', async () => {
    const header = 'date,commit,provider,model,event,input_new,output_new,reasoning_new';
    const rows = ['2026-01-01,c,mistral,m,add,1,2,', '2026-02-01,c,mistral,m,change,3,6,'];
    const file = plant('history.csv', [header, ...rows].join('\n'));
    expect(await main(['prices', 'import', file, '--dry-run', '--json'], terminal)).toBe(0);
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      kind: 'history',
      source: 'models.dev',
      observations: 2,
      endpoints: 1,
      effect: { versionsOpened: 1, pages: 0 },
    });
  });
});

describe('prices explain', () => {
  it('says what a model costs, who says so and when, and who says otherwise', async () => {
    expect(await main(['prices', 'explain', 'anthropic/claude-opus-5'], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/^anthropic\/claude-opus-5 \(.*\): (agreed|disputed)\n/);
    expect(terminal.stdout()).toMatch(/input +5\n/);
    expect(terminal.stdout()).toContain('litellm of 2026-');
    const json = createTestTerminal({});
    expect(await main(['prices', 'explain', 'anthropic/claude-sonnet-5', '--at', '2026-08-01', '--json'], json)).toBe(
      0,
    );
    expect(JSON.parse(json.stdout())).toMatchObject({ figures: { input: '2', output: '10' } });
    expect(await main(['prices', 'explain', 'anthropic/none'], terminal)).toBe(1);
  });
});
