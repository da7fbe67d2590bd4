import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import type { Receipt, RunLanguage } from '../../src/runtime/contract.ts';
import { defaultLimits, findEngines, maximumLimits, RunService, WorkspaceDriver } from '../../src/runtime/index.ts';

/** Sandboxes for programs with tests, as the product makes them. */
export interface CodeWorld {
  readonly isUsable: boolean;
  readonly canTranslate: boolean;
  grade(language: RunLanguage, program: string): Promise<Receipt>;
  close(): Promise<void>;
}

const fileNames = { python: 'main.py', javascript: 'main.js', typescript: 'main.ts', shell: 'main.sh' } as const;

/** Opens a driver with a data folder of its own. */
export async function openCodeWorld(): Promise<CodeWorld> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-code-'));
  const newId = createIdSource(systemClock, createSystemRandom());
  const { esbuild } = findEngines(process.env);
  const programs = esbuild === undefined ? [] : [{ name: 'esbuild', hostPath: esbuild }];
  const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, warm: 2, programs });
  const service = new RunService({
    driver,
    clock: systemClock,
    newId,
    canTranslate: esbuild !== undefined,
    settings: () => ({
      minIsolation: 'sandbox-rlimit',
      limits: { ...defaultLimits, cpuMs: 5000, wallMs: 20_000, memoryBytes: 256 * 1024 * 1024 },
      mostLimits: maximumLimits,
      concurrent: 2,
      waiting: 1000,
    }),
    record: () => Promise.resolve(),
  });
  return {
    isUsable: (await driver.probe()).unusable === undefined,
    canTranslate: esbuild !== undefined,
    async grade(language, program) {
      const running = await service.run({
        language,
        files: [{ path: fileNames[language], bytes: Buffer.from(program) }],
      });
      for await (const event of running.events()) if (event.type === 'receipt') return event.receipt;
      throw new Error('a run ended without a receipt');
    },
    async close() {
      await driver.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
