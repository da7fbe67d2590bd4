import { execFile } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { lchown } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { SandboxSpec } from '../contract.ts';

const run = promisify(execFile);

/** Folders of the host that a sandbox writes to. */
export function writableFolders({ homeFolder, mounts = [] }: SandboxSpec): string[] {
  const mounted = mounts.filter(({ writable }) => writable).map(({ hostPath }) => hostPath);
  return homeFolder === undefined ? mounted : [homeFolder, ...mounted];
}

/** Who owns a folder; undefined without one. */
export function ownerOf(folder: string | undefined): number | undefined {
  return folder === undefined ? undefined : lstatSync(folder, { throwIfNoEntry: false })?.uid;
}

/**
 * Gives a folder with all that is in it to a user. Nothing of the guest runs yet, links are never followed, and the
 * folder itself is given last: one that has the right owner is complete.
 */
export async function own(folder: string, user: number): Promise<void> {
  if (ownerOf(folder) === user) return;
  // As all are at first: no program is needed for it.
  if (readdirSync(folder).length === 0) return lchown(folder, user, user);
  await run('chown', ['-hRP', `${user}:${user}`, '--', folder], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
}

/**
 * In a shared place somebody else may have made the folder first, or a link to one of ours; and what others may write
 * to is not ours to run from.
 */
export function isOwnFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
