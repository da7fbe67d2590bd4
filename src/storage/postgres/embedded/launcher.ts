import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DatabaseError } from '../database-error.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/** A way to run the programs of the server as somebody they accept: they refuse root, and users without a name. */
export interface Launcher {
  readonly kind: 'direct' | 'user-namespace' | 'other-user';
  /** Put before every command. */
  readonly prefix: readonly string[];
  /** Only for `other-user`. */
  readonly identity?: { readonly uid: number; readonly gid: number };
}

/** Chooses the least intrusive way that works here; throws DatabaseError when none does. */
export function chooseLauncher(binaries: PostgresBinaries): Launcher {
  const users = readUsers();
  const ownId = process.getuid?.();
  if (ownId === undefined || (ownId !== 0 && (users.size === 0 || users.has(ownId)))) {
    return { kind: 'direct', prefix: [] };
  }
  const inner = [1000, 65_534, ...users.keys()].find((id) => id !== 0 && users.has(id));
  if (inner !== undefined) {
    const prefix = ['unshare', '-U', `--map-user=${inner}`, `--map-group=${inner}`];
    if (canRun([...prefix, binaries.postgres, '--version'])) return { kind: 'user-namespace', prefix };
  }
  throw new DatabaseError('engine_missing', 'the database server refuses to run as root and user namespaces are off');
}

function canRun([program = '', ...parameters]: readonly string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

/** Ids of the users this system has names for. */
function readUsers(): Map<number, string> {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return new Map(
      lines.flatMap((line) => {
        const [name, , id] = line.split(':');
        return name === undefined || id === undefined ? [] : [[Number(id), name] as const];
      }),
    );
  } catch {
    return new Map(); // Systems without this file know their users in other ways.
  }
}
