import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, statfsSync, unlinkSync, writevSync } from 'node:fs';

/** Free and total bytes of a volume. */
export interface VolumeSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The file operations of the writer thread; a port, so that tests can make a disk fail. */
export interface SegmentFiles {
  /** Makes a file that must not exist yet and returns its descriptor. */
  create(path: string): number;
  write(descriptor: number, parts: readonly Buffer[]): void;
  /** Data and length reach the disk. */
  sync(descriptor: number): void;
  syncDirectory(path: string): void;
  close(descriptor: number): void;
  remove(path: string): void;
  space(path: string): VolumeSpace;
}

/** The real disk. */
export function createSegmentFiles(): SegmentFiles {
  return {
    create: (path) =>
      openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600),
    write: writeFully,
    sync: fdatasyncSync,
    syncDirectory: (path) => {
      const descriptor = openSync(path, constants.O_RDONLY);
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    close: closeSync,
    remove: unlinkSync,
    space: (path) => {
      const { bavail, blocks, bsize } = statfsSync(path);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
  };
}

function writeFully(descriptor: number, parts: readonly Buffer[]): void {
  let rest = [...parts];
  while (rest.length > 0) {
    let written = writevSync(descriptor, rest);
    while (rest[0] !== undefined && written >= rest[0].length) {
      written -= rest[0].length;
      rest = rest.slice(1);
    }
    if (rest[0] !== undefined && written > 0) rest[0] = rest[0].subarray(written);
  }
}
