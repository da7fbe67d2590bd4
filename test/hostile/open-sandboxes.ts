import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import { SandboxService, WorkspaceDriver } from '../../src/runtime/index.ts';

const mib = 1024 * 1024;

/** Long-lived sandboxes on a data folder, without the rest of the product. */
export function openSandboxes(dataFolder: string): { sandboxes: SandboxService; driver: WorkspaceDriver } {
  const newId = createIdSource(systemClock, createSystemRandom());
  const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId });
  const sandboxes = new SandboxService({
    driver,
    dataFolder,
    newId,
    clock: systemClock,
    logger: createLogger('silent'),
    minIsolation: () => 'sandbox-rlimit',
    spares: { least: 1, most: 2 },
    settings: () => ({
      perKey: 10,
      keptPerKey: 10,
      defaultTtlMs: 600_000,
      maxTtlMs: 600_000,
      pausedMs: 600_000,
      memoryBytes: 512 * mib,
      diskBytes: 512 * mib,
      processes: 128,
      fileBytes: 16 * mib,
    }),
  });
  return { sandboxes, driver };
}
