// @ts-check
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A lock is a folder holding exactly one file, whose name says who owns it: `<pid>-<process start>-<nonce>`.
 * - Taking it is one atomic rename of a prepared folder, which fails while the lock folder is not empty,
 *   so that no moment exists in which a lock has no owner.
 * - Breaking the lock of a dead process is one unlink of *that* owner's file: two processes breaking it at once
 *   cannot remove the lock a third one has just taken.
 *
 * @typedef {object} LockOptions
 * @property {(ownerPid: number) => void} [onWait] told once, when somebody else holds the lock
 * @property {number} [timeoutMs] give up after this long
 * @property {number} [pollMs]
 */

/**
 * Runs `work` while no other process on this machine runs work under the same lock folder.
 * @template T
 * @param {string} lockPath
 * @param {() => Promise<T>} work
 * @param {LockOptions} [options]
 * @returns {Promise<T>}
 */
export async function withFolderLock(lockPath, work, options = {}) {
  const token = `${process.pid}-${processStart(process.pid)}-${randomBytes(6).toString('hex')}`;
  await takeLock(lockPath, token, options);
  try {
    return await work();
  } finally {
    removeOwner(lockPath, token);
  }
}

/**
 * @param {string} lockPath
 * @param {string} token
 * @param {LockOptions} options
 */
async function takeLock(lockPath, token, { onWait, timeoutMs = 900_000, pollMs = 100 }) {
  const deadline = performance.now() + timeoutMs;
  let told = false;
  while (!tryTakeLock(lockPath, token)) {
    const owner = lockOwner(lockPath);
    if (owner === undefined) continue; // released between our attempt and our look
    if (!isOwnerAlive(owner)) {
      removeOwner(lockPath, owner);
      continue;
    }
    const ownerPid = Number.parseInt(owner, 10);
    if (performance.now() > deadline) {
      throw new Error(`process ${ownerPid} has held ${lockPath} for too long; stop it or remove that folder`);
    }
    if (!told) onWait?.(ownerPid);
    told = true;
    await delay(pollMs);
  }
}

/**
 * @param {string} lockPath
 * @param {string} token
 */
function tryTakeLock(lockPath, token) {
  mkdirSync(dirname(lockPath), { recursive: true });
  const prepared = `${lockPath}.${token}`;
  mkdirSync(prepared);
  writeFileSync(join(prepared, token), '');
  try {
    renameSync(prepared, lockPath);
    return true;
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY'].includes(errorCode(error))) throw error;
    removeIfEmpty(lockPath); // where a rename cannot replace an empty folder
    return false;
  }
}

/** @param {string} lockPath */
function lockOwner(lockPath) {
  try {
    return readdirSync(lockPath)[0];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param {string} lockPath
 * @param {string} owner
 */
function removeOwner(lockPath, owner) {
  try {
    unlinkSync(join(lockPath, owner));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  removeIfEmpty(lockPath);
}

/** @param {string} path */
function removeIfEmpty(path) {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY'].includes(errorCode(error))) throw error;
  }
}

/**
 * A pid alone is not enough: after a restart of a container the same small pids are alive again, ours included.
 * @param {string} owner
 */
function isOwnerAlive(owner) {
  const [pidText, start] = owner.split('-');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  return start === processStart(pid);
}

/**
 * Start time of a process in ticks since boot where /proc tells it, else `0`: the same for all, so only the pid counts.
 * @param {number} pid
 */
function processStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0'; // no /proc, or not ours to read
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function errorCode(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
