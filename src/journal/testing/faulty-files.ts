import { existsSync } from 'node:fs';
import { createSegmentFiles, type SegmentFiles } from '../segments/segment-files.ts';

/** A disk failure for tests: which calls fail, and how. */
export interface FaultSpec {
  readonly operation: 'create' | 'write' | 'sync';
  readonly code: 'EIO' | 'ENOSPC';
  /** The calls of this operation that fail, counted from 1. */
  readonly calls?: readonly number[];
  /** Fails while a file of this path exists. */
  readonly whileExists?: string;
}

/** The real disk with failures; a failing write leaves half of its bytes behind, as a full disk does. */
export function createFiles(faults: readonly FaultSpec[]): SegmentFiles {
  const files = createSegmentFiles();
  const counts = { create: 0, write: 0, sync: 0 };
  const failure = (operation: FaultSpec['operation']): Error | undefined => {
    counts[operation] += 1;
    const fault = faults.find(
      (candidate) =>
        candidate.operation === operation &&
        (candidate.calls?.includes(counts[operation]) === true ||
          (candidate.whileExists !== undefined && existsSync(candidate.whileExists))),
    );
    return fault && Object.assign(new Error(`${fault.code}: injected, ${operation}`), { code: fault.code });
  };
  const check = (operation: FaultSpec['operation']): void => {
    const error = failure(operation);
    if (error) throw error;
  };
  return {
    ...files,
    create: (path) => {
      check('create');
      return files.create(path);
    },
    write: (descriptor, parts) => {
      const error = failure('write');
      if (!error) return files.write(descriptor, parts);
      const all = Buffer.concat([...parts]);
      files.write(descriptor, [all.subarray(0, all.length / 2)]);
      throw error;
    },
    sync: (descriptor) => {
      check('sync');
      files.sync(descriptor);
    },
  };
}
