import type { VolumeSpace } from '../segments/segment-files.ts';
import type { JournalLimits, WriterHealth } from './writer-protocol.ts';

const alarmFactor = 10;
/** Weight of the newest second in the measured rate. */
const smoothing = 0.2;

/** Judges once per second whether the volume leaves room for the work admitted until then. */
export interface DiskGuard {
  observe(space: VolumeSpace, sample: { writtenBytes: number; elapsedMs: number }): WriterHealth;
}

/** Refuses work while free space < max(reserve, seconds of the measured rate); alarms at ten times that. */
export function createDiskGuard(limits: Pick<JournalLimits, 'reserveBytes' | 'reserveSeconds'>): DiskGuard {
  let bytesPerSecond = 0;
  return {
    observe: ({ freeBytes }, { writtenBytes, elapsedMs }) => {
      const rate = (writtenBytes * 1000) / Math.max(elapsedMs, 1);
      bytesPerSecond += smoothing * (rate - bytesPerSecond);
      const needed = Math.max(limits.reserveBytes, limits.reserveSeconds * bytesPerSecond);
      if (freeBytes < needed) return { accepting: false, alarm: true, reason: describe('full', freeBytes, needed) };
      if (freeBytes < needed * alarmFactor) {
        return { accepting: true, alarm: true, reason: describe('filling up', freeBytes, needed) };
      }
      return { accepting: true, alarm: false };
    },
  };
}

function describe(state: string, freeBytes: number, neededBytes: number): string {
  const mebibytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024);
  return `journal volume is ${state}: ${mebibytes(freeBytes)} MiB free, refusing work below ${mebibytes(neededBytes)} MiB`;
}
