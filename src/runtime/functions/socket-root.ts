import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A unix socket's path must fit into 107 bytes; this much of it is ours below the root. */
const longestRoot = 107 - '/0123456789abcdef/s/modules.sock'.length;

/**
 * The folder in which processes have their sockets: in the data folder, or, when its path is too long for a socket,
 * one of its own below the temporary folder. What a killed gateway left in it is removed: the data folder is locked,
 * so nobody else's can be there.
 */
export function openSocketRoot(dataDirectory: string, name = 'functions'): string {
  const own = join(dataDirectory, 'run', name);
  const digest = createHash('sha256').update(join(dataDirectory, name)).digest('hex').slice(0, 16);
  const root = Buffer.byteLength(own) <= longestRoot ? own : join(tmpdir(), `switchyard-${digest}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return root;
}
