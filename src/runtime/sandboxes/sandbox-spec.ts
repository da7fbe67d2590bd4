import type { SandboxSpec } from '../contract.ts';
import { defaultLimits } from '../limits.ts';
import type { SandboxDisk } from './sandbox-store.ts';
import type { SandboxSettings } from './sandbox-types.ts';

/** What a sandbox is made with once and for all. */
export type Bounds = Pick<SandboxSettings, 'memoryBytes' | 'diskBytes' | 'processes' | 'fileBytes'>;

/** The part of the settings that a sandbox cannot change any more. */
export function boundsOf({ memoryBytes, diskBytes, processes, fileBytes }: SandboxSettings): Bounds {
  return { memoryBytes, diskBytes, processes, fileBytes };
}

const dayMs = 86_400_000;

/** A long-lived sandbox as its driver makes it: bounds as a whole, since its commands run as long as it does. */
export function sandboxSpec(disk: SandboxDisk, { memoryBytes, diskBytes, processes, fileBytes }: Bounds): SandboxSpec {
  return {
    limits: {
      ...defaultLimits,
      cpuMs: dayMs,
      wallMs: dayMs,
      memoryBytes,
      processes,
      diskBytes,
      fileBytes,
      openFiles: 4096,
      // Output is never kept: a slow reader holds its command back, and nobody's is dropped.
      outputBytes: Number.MAX_SAFE_INTEGER,
    },
    homeFolder: disk.home,
    mounts: [{ hostPath: disk.temporary, guestPath: '/tmp', writable: true }],
  };
}
