import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOwnFolder } from './owned-folders.ts';
import { startTicks } from './process-scan.ts';

/** A unix socket's path must fit into 107 bytes; so long is the name of one. */
const longestFolder = 107 - '/4194304-184467440737-egress-12345678.sock'.length;

/** A path for a socket of ours, in a folder that users of sandboxes can pass through; its name tells whose it is. */
export function newSocketPath(shelfFolder: string, name: string): string {
  const folder = socketFolder(shelfFolder);
  const path = join(folder, `${process.pid}-${startTicks(process.pid) ?? '0'}-${name}.sock`);
  rmSync(path, { force: true });
  return path;
}

/** Removes sockets of supervisors that are gone. */
export function sweepSockets(shelfFolder: string): void {
  const folder = socketFolder(shelfFolder);
  for (const name of readdirSync(folder)) {
    const [, pid, ticks] = /^(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && startTicks(Number(pid)) !== ticks) rmSync(join(folder, name), { force: true });
  }
}

function socketFolder(shelfFolder: string): string {
  const beside = join(shelfFolder, 'sockets');
  if (Buffer.byteLength(beside) > longestFolder) return sharedFolder();
  mkdirSync(beside, { recursive: true, mode: 0o711 });
  chmodSync(beside, 0o711);
  return beside;
}

/** Where everybody may make folders: whoever had the name first is not taken at it. */
function sharedFolder(): string {
  const usual = `switchyard-sockets-${process.getuid?.() ?? 0}`;
  const inPlace = join(tmpdir(), usual);
  // A link that leads nowhere is there, too.
  const isFree = lstatSync(inPlace, { throwIfNoEntry: false }) === undefined;
  if (isFree) mkdirSync(inPlace, { recursive: true, mode: 0o711 });
  const others = readdirSync(tmpdir()).filter((name) => name.startsWith(`${usual}-`));
  const own = [inPlace, ...others.map((name) => join(tmpdir(), name))].find(isOwnFolder);
  const folder = own ?? mkdtempSync(`${inPlace}-`);
  chmodSync(folder, 0o711);
  return folder;
}
