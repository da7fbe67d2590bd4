import type { ComputeUse } from '../../domain/rating/compute.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Sandbox } from '../contract.ts';

const mib = 1024 * 1024;

/** Counts what is used in a sandbox from now on, for where no command's end tells. */
export async function startMeter(sandbox: Sandbox, clock: Clock): Promise<() => Promise<ComputeUse>> {
  const before = await sandbox.stats();
  const startedMs = clock.monotonicMs();
  return async () => {
    const { cpuMs, memoryBytes } = await sandbox.stats();
    const wallMs = Math.ceil(clock.monotonicMs() - startedMs);
    return {
      cpuMs: cpuMs === null || before.cpuMs === null ? null : Math.max(0, Math.round(cpuMs - before.cpuMs)),
      wallMs,
      memoryMibMs: memoryBytes === null ? null : Math.round((memoryBytes / mib) * wallMs),
      egressBytes: 0,
    };
  };
}
