import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lastCountIn } from './last-count.ts';

it('remembers the number of gateways over a restart, and nothing that is no number', () => {
  const directory = mkdtempSync(join(tmpdir(), 'last-count-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  expect(lastCountIn(directory).read()).toBeUndefined();
  lastCountIn(join(directory, 'data')).write(3);
  expect(lastCountIn(join(directory, 'data')).read()).toBe(3);
  for (const text of ['', '0', '-1', 'many', '1.5']) {
    writeFileSync(join(directory, 'data', 'live-gateways'), text);
    expect(lastCountIn(join(directory, 'data')).read()).toBeUndefined();
  }
});
