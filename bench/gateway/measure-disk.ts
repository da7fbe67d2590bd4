import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { quantile } from './statistics.ts';

const blockBytes = 2048;

/** Time of a small write with its sync on the disk that the journal uses: what a durable answer cannot go below. */
export function measureDisk(path: string, count: number): { writeAndSyncP50Ms: number; writeAndSyncP99Ms: number } {
  const descriptor = openSync(path, 'w');
  const block = Buffer.alloc(blockBytes, 1);
  const times = Array.from({ length: count }, () => {
    const startMs = performance.now();
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    return performance.now() - startMs;
  });
  closeSync(descriptor);
  rmSync(path);
  return { writeAndSyncP50Ms: quantile(times, 0.5), writeAndSyncP99Ms: quantile(times, 0.99) };
}
