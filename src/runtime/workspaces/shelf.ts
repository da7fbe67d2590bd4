import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { guestPrograms } from './guest-root.ts';
import { nodeWayOut, nodeWayOutPath } from './node-way-out.ts';
import { isOwnFolder } from './owned-folders.ts';

/** Files of ours that every sandbox sees. */
export interface Shelf {
  readonly folder: string;
  readonly files: readonly { readonly hostPath: string; readonly guestPath: string }[];
}

/** A program of ours for guests. */
export interface ShelfProgram {
  readonly name: string;
  readonly hostPath: string;
}

/** A folder of ours for guests, such as a library. */
export interface ShelfFolder extends ShelfProgram {
  readonly guestPath: string;
}

/** Tools fail on the lookup of their own user without these. */
const identities = {
  passwd:
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n',
  group: 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
};

/**
 * Puts together what sandboxes see of us. Sandboxes of a root supervisor run as users that may not pass through its
 * folders (a checkout below /root, a data folder of mode 0700), so programs are linked, else copied, to a place that
 * everyone can reach.
 */
export function fillShelf(
  dataFolder: string,
  programs: readonly ShelfProgram[],
  folders: readonly ShelfFolder[] = [],
): Shelf {
  const folder = shelfFolder(dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const etc = Object.entries(identities).map(([name, text]) => {
    const hostPath = join(folder, name);
    replaceFile(hostPath, (at) => writeFileSync(at, text, { mode: 0o644 }));
    return { hostPath, guestPath: `/etc/${name}` };
  });
  const library = join(folder, 'way-out.cjs');
  replaceFile(library, (at) => writeFileSync(at, nodeWayOut, { mode: 0o644 }));
  const own = programs.map(({ name, hostPath }) => {
    const real = realpathSync(hostPath);
    const guestPath = `${guestPrograms}/${name}`;
    if (isReachable(real)) return { hostPath: real, guestPath };
    const shelved = join(folder, `${name}-${fingerprint(real)}`);
    if (!existsSync(shelved)) replaceFile(shelved, (at) => linkOrCopy(real, at));
    return { hostPath: shelved, guestPath };
  });
  const shared = folders.map(({ name, hostPath, guestPath }) => {
    const real = realpathSync(hostPath);
    if (isReachable(real)) return { hostPath: real, guestPath };
    const shelved = join(folder, `${name}-${fingerprint(real)}`);
    if (!existsSync(shelved)) copyFolder(real, shelved);
    return { hostPath: shelved, guestPath };
  });
  return { folder, files: [...etc, { hostPath: library, guestPath: nodeWayOutPath }, ...own, ...shared] };
}

/**
 * The data folder, where users of sandboxes can pass through it; else one place for all supervisors of the machine:
 * what lies there is the same for all, and programs carry a fingerprint in their names.
 */
function shelfFolder(dataFolder: string): string {
  // Absolute: what makes a sandbox looks from another working directory.
  const inData = resolve(dataFolder, 'runtime', 'shelf');
  mkdirSync(inData, { recursive: true, mode: 0o755 });
  if (isReachable(inData)) return inData;
  for (const folder of ['/var/lib/switchyard/shelf', join(tmpdir(), 'switchyard-shelf')]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch {
      continue; // Read-only system: the next place.
    }
    if (isOwnFolder(folder) && isReachable(folder)) return folder;
  }
  return inData;
}

/** Whether any user may pass through every folder above, or only we need to. */
export function isReachable(path: string): boolean {
  if (process.getuid?.() !== 0) return true;
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return (statSync(path).mode & 0o005) !== 0;
  }
}

function fingerprint(path: string): string {
  const { size, mtimeMs, ino } = statSync(path);
  return createHash('sha256').update(`${path} ${size} ${mtimeMs} ${ino}`).digest('hex').slice(0, 16);
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system.
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
}

/** Whole or not at all; another supervisor of the machine may have made it meanwhile. */
function copyFolder(from: string, to: string): void {
  const beside = `${to}.${process.pid}`;
  rmSync(beside, { recursive: true, force: true });
  cpSync(from, beside, { recursive: true });
  try {
    renameSync(beside, to);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

/** Written beside and renamed, so that a sandbox that starts meanwhile sees the old file or the new one. */
function replaceFile(path: string, write: (at: string) => void): void {
  const beside = `${path}.${process.pid}`;
  rmSync(beside, { force: true });
  write(beside);
  renameSync(beside, path);
}
