import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { SandboxStore } from './sandbox-store.ts';
import { SpareSandboxes } from './spare-sandboxes.ts';
import { IdleDriver } from './testing/idle-driver.ts';

it('as many sandboxes are made ahead as were asked for lately, within bounds; what a burst left ends after it', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'sy-spares-'));
  const driver = new IdleDriver();
  const time = { nowMs: 0 };
  let made = 0;
  const spares = new SpareSandboxes({
    driver,
    store: new SandboxStore(dataFolder),
    clock: { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    bounds: () => ({ memoryBytes: 1, diskBytes: 1, processes: 1, fileBytes: 1 }),
    count: { least: 1, most: 3 },
    newId: (prefix) => `${prefix}_${(made += 1)}`,
  });
  const waiting = (count: number): Promise<void> => vi.waitFor(() => expect(driver.up.size).toBe(count));
  const take = async (): Promise<void> => {
    const spare = spares.take();
    if (spare !== undefined) await spares.end(spare);
  };

  await take();
  spares.refill();
  await waiting(1);
  for (let asked = 0; asked < 5; asked++) await take();
  spares.refill();
  await waiting(3);
  spares.shrink();
  await waiting(3);
  time.nowMs = 60_000;
  spares.shrink();
  await waiting(1);
  await spares.close();
  expect(driver.up.size).toBe(0);
  expect(readdirSync(dataFolder, { recursive: true }).filter((name) => String(name).includes('spare'))).toEqual([]);
  rmSync(dataFolder, { recursive: true });
});
