import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTicks } from './process-scan.ts';

/** A unix socket's path must fit into 107 bytes; so long is the name of one. */
const longestFolder = 107 - '/4194304-184467440737-egress-12345678.sock'.length;

/** A path for a socket of ours, in a folder that users of sandboxes can pass through; its name tells whose it is. */
export function newSocketPath(shelfFolder: string, name: string): string {
  const folder = socketFolder(shelfFolder);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
  const path = join(folder, `${process.pid}-${startTicks(process.pid) ?? '0'}-${name}.sock`);
  rmSync(path, { force: true });
  return path;
}

/** Removes sockets of supervisors that are gone. */
export function sweepSockets(shelfFolder: string): void {
  const folder = socketFolder(shelfFolder);
  for (const name of listOf(folder)) {
    const [, pid, ticks] = /^(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && startTicks(Number(pid)) !== ticks) rmSync(join(folder, name), { force: true });
  }
}

function socketFolder(shelfFolder: string): string {
  const beside = join(shelfFolder, 'sockets');
  const isShort = Buffer.byteLength(beside) <= longestFolder;
  return isShort ? beside : join(tmpdir(), `switchyard-sockets-${process.getuid?.() ?? 0}`);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Nothing was ever started.
  }
}
