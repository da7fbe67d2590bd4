import type { ComputeUse } from '../../domain/rating/compute.ts';
import type { Limits, Receipt } from '../contract.ts';

const mib = 1024 * 1024;

/** What a run used, as its receipt says. Memory counts at its peak, from the first command to the end. */
export function useOfRun({ cpuMs, peakMemoryBytes, timings, network }: Receipt): ComputeUse {
  const wallMs = Math.round(Math.max(0, timings.totalMs - timings.queuedMs));
  const sentBytes = network?.connections.reduce((sum, one) => sum + one.sentBytes, 0) ?? 0;
  return {
    cpuMs: cpuMs === null ? null : Math.round(cpuMs),
    wallMs,
    memoryMibMs: peakMemoryBytes === null ? null : Math.round((peakMemoryBytes / mib) * wallMs),
    egressBytes: sentBytes,
  };
}

/** What a run may use at most; the machine has few cores, and CPU time is bounded by itself. */
export function mostUseOf({ cpuMs, wallMs, memoryBytes }: Limits): ComputeUse {
  return { cpuMs, wallMs, memoryMibMs: Math.round((memoryBytes / mib) * wallMs), egressBytes: 0 };
}
