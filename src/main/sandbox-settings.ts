import type { Config } from '../config/index.ts';
import type { SandboxSettings } from '../runtime/index.ts';

const mib = 1024 * 1024;

/** The configured bounds of sandboxes in the runtime's own units. */
export function sandboxSettingsOf({ sandboxes }: Config): SandboxSettings {
  return {
    perKey: sandboxes.perKey,
    keptPerKey: sandboxes.keptPerKey,
    defaultTtlMs: sandboxes.defaultTtlSeconds * 1000,
    maxTtlMs: sandboxes.maxTtlSeconds * 1000,
    pausedMs: sandboxes.pausedDays * 86_400_000,
    memoryBytes: sandboxes.memoryMib * mib,
    diskBytes: sandboxes.diskMib * mib,
    processes: sandboxes.processes,
    fileBytes: sandboxes.fileMib * mib,
  };
}
