import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { DatabaseError } from '../database-error.ts';

/** How the programs of the server are started. */
export type LauncherKind = 'direct' | 'user-namespace' | 'other-user';

/** A way to run the programs of the server as somebody they accept: they refuse root, and users without a name. */
export interface Launcher {
  readonly kind: LauncherKind;
  /** Put before every command. */
  readonly prefix: readonly string[];
  /** Only for `other-user`, who owns copies of the programs and the data. */
  readonly identity?: Identity;
}

/** A user of this system by number. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** What the choice depends on; tests bring their own. */
export interface LauncherSettings {
  /** A program of the server, to try. */
  readonly postgres: string;
  /** Must be writable for whom the server runs as. */
  readonly folder: string;
  /** The data belongs to another user already: no other way can open it. */
  readonly isMovedAway: boolean;
  readonly allowed?: readonly LauncherKind[];
}

const everyKind: readonly LauncherKind[] = ['direct', 'user-namespace', 'other-user'];

/** Chooses the least intrusive way that works here; throws DatabaseError when none does. */
export async function chooseLauncher(settings: LauncherSettings): Promise<Launcher> {
  const { postgres, folder, isMovedAway, allowed = everyKind } = settings;
  const users = readUsers();
  const ownId = process.getuid?.();
  const isRoot = ownId === 0;
  const isAccepted = ownId === undefined || (!isRoot && (users.length === 0 || users.some(({ uid }) => uid === ownId)));
  if (isAccepted && allowed.includes('direct')) return { kind: 'direct', prefix: [] };
  if (!isMovedAway && allowed.includes('user-namespace')) {
    const prefix = namespacePrefix(users);
    if (prefix !== undefined && (await canRun([...prefix, ...probe, postgres, folder]))) {
      return { kind: 'user-namespace', prefix };
    }
  }
  const other = isRoot ? chooseUser(users) : undefined;
  if (other !== undefined && allowed.includes('other-user')) return { kind: 'other-user', prefix: [], identity: other };
  throw new DatabaseError(
    'engine_missing',
    isRoot
      ? 'the database server refuses to run as root, and this system offers neither user namespaces nor another user'
      : `the database server refuses to run as user ${ownId}, who has no name in /etc/passwd, and user namespaces are off`,
  );
}

/** Root in a namespace of its own has no power over folders of other users. */
const probe = ['/bin/sh', '-c', 'test -w "$1" && exec "$0" --version'];

/** To the server we are then an ordinary user, while files stay ours: nothing has to be copied or made readable. */
function namespacePrefix(users: readonly NamedUser[]): readonly string[] | undefined {
  const inside = users.find(({ uid }) => uid === 1000) ?? users.find(({ uid }) => uid !== 0);
  if (inside === undefined || process.platform !== 'linux') return undefined;
  return ['unshare', '-U', `--map-user=${inside.uid}`, `--map-group=${inside.uid}`];
}

function chooseUser(users: readonly NamedUser[]): Identity | undefined {
  for (const wanted of ['switchyard', 'postgres', 'nobody']) {
    const found = users.find(({ name }) => name === wanted);
    if (found) return { uid: found.uid, gid: found.gid };
  }
  return undefined;
}

async function canRun([program = '', ...parameters]: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(program, parameters, { timeout: 5_000 });
    return true;
  } catch {
    return false; // That it does not work is the answer.
  }
}

interface NamedUser extends Identity {
  readonly name: string;
}

/** The users this system has names for; none on systems that know them in other ways. */
function readUsers(): NamedUser[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name = '', , uid, gid] = line.split(':');
        return uid === undefined ? [] : [{ name, uid: Number(uid), gid: Number(gid) }];
      });
  } catch {
    return [];
  }
}
