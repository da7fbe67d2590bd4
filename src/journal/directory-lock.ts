import { FolderLockedError, type FolderLock, lockFolder } from '../platform/folder-lock.ts';
import { JournalError } from './journal-error.ts';

/** A held lock. */
export type DirectoryLock = FolderLock;

/** Makes this process the only writer of a folder, or says who is; takes over what a dead process left. */
export function lockDirectory(folder: string): DirectoryLock {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error;
    const { holderPid, lockFile } = error;
    if (holderPid === undefined) throw new JournalError('locked', `another process has just taken ${folder}`);
    throw new JournalError('locked', `the journal is in use by process ${holderPid} (${lockFile})`);
  }
}
