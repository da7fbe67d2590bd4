import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isOwnFolder } from '../workspaces/owned-folders.ts';
import { isReachable } from '../workspaces/shelf.ts';
import type { SandboxRecord } from './sandbox-types.ts';

const run = promisify(execFile);
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const goneMark = '.gone-';
/** Longest that a disk is looked through. */
const lookMs = 30_000;

/** The folders of one sandbox that outlive its processes. */
export interface SandboxDisk {
  readonly root: string;
  readonly home: string;
  readonly temporary: string;
}

/**
 * Records and disks of sandboxes. Records hold secrets and stay in the data folder; disks lie where the users of
 * sandboxes can reach them, which in a data folder of ours alone they cannot.
 */
export class SandboxStore {
  readonly #dataFolder: string;
  readonly #records: string;
  #disks: string | undefined;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
    this.#records = resolve(dataFolder, 'runtime', 'sandboxes');
  }

  /** Everything that an earlier process kept; what belongs to nothing is removed. */
  async load(): Promise<SandboxRecord[]> {
    // Where nobody ever made a sandbox, no folders are made either.
    if (!existsSync(this.#records)) return [];
    const names = readdirSync(this.#records).filter((name) => name.endsWith('.json'));
    const records = names.flatMap((name) => readRecord(join(this.#records, name)) ?? []);
    const known = new Set(records.map(({ id }) => id));
    const disks = this.#diskFolder();
    for (const name of readdirSync(disks)) {
      if (!known.has(name)) await removeTree(join(disks, name));
    }
    return records;
  }

  /** Durable when it resolves. */
  async save(record: SandboxRecord): Promise<void> {
    const path = join(this.#records, `${record.id}.json`);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  diskOf(id: string): SandboxDisk {
    const root = join(this.#diskFolder(), id);
    return { root, home: join(root, 'home'), temporary: join(root, 'tmp') };
  }

  async makeDisk(id: string): Promise<void> {
    const { root, home, temporary } = this.diskOf(id);
    await mkdir(this.#records, { recursive: true, mode: 0o700 });
    await mkdir(root);
    await chmod(root, 0o711);
    await Promise.all([home, temporary].map((folder) => mkdir(folder, { mode: 0o755 })));
  }

  /** Gives a disk another name; whoever has it open goes on with it. */
  async renameDisk(from: string, to: string): Promise<void> {
    await mkdir(this.#records, { recursive: true, mode: 0o700 });
    await rename(this.diskOf(from).root, this.diskOf(to).root);
  }

  /** Puts everything that was written to it onto the disk of the machine. */
  async sync(id: string): Promise<void> {
    await run('sync', ['-f', '--', this.diskOf(id).root], { env: environment });
  }

  /** Removes uploads that a killed process left half done; nothing of the guest runs meanwhile. */
  async clearUploads(id: string): Promise<void> {
    const { root } = this.diskOf(id);
    const names = ['-name', '.switchyard-new-*', '-o', '-name', '.switchyard-old-*'];
    const argv = ['-P', root, '-xdev', '-type', 'f', '(', ...names, ')', '-delete'];
    // A guest that locked itself out of a folder keeps what is in there.
    await run('find', argv, { env: environment }).catch(() => undefined);
  }

  /** How much a disk holds, as far as it can be read; null when that is not found out in time. */
  async usedBytes(id: string): Promise<number | null> {
    const { root } = this.diskOf(id);
    try {
      const argv = ['-sxP', '--block-size=1', '--', root];
      return readUsed((await run('du', argv, { env: environment, timeout: lookMs, killSignal: 'SIGKILL' })).stdout);
    } catch (error) {
      const { stdout = '', killed } = error as { stdout?: string; killed?: boolean };
      // Else files vanished meanwhile, or cannot be read.
      return killed === true ? null : readUsed(stdout);
    }
  }

  /** Removes a sandbox for good: first its record, so that a crash leaves a disk that belongs to nothing. */
  async remove(id: string): Promise<void> {
    const path = join(this.#records, `${id}.json`);
    await Promise.all([path, `${path}.new`].map((one) => rm(one, { force: true })));
    const gone = join(this.#diskFolder(), `${goneMark}${id}`);
    await rename(this.diskOf(id).root, gone).catch(() => undefined);
    await removeTree(gone);
  }

  /** Leaves no empty folder outside the data folder. */
  close(): void {
    const folder = this.#disks;
    if (folder === undefined || folder.startsWith(resolve(this.#dataFolder))) return;
    try {
      rmdirSync(folder);
      rmdirSync(dirname(folder));
    } catch {
      // Disks that wait for the next start.
    }
    this.#disks = undefined;
  }

  #diskFolder(): string {
    this.#disks ??= diskFolder(this.#dataFolder);
    return this.#disks;
  }
}

function readUsed(stdout: string): number {
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
}

function readRecord(path: string): SandboxRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as SandboxRecord;
    return typeof value.id === 'string' && typeof value.accessToken === 'string' ? value : undefined;
  } catch {
    return undefined; // Cut off by a crash before it was ever told.
  }
}

/** In the data folder where that can be reached, else at a place for all, by the name of the data folder. */
function diskFolder(dataFolder: string): string {
  const name = createHash('sha256').update(resolve(dataFolder)).digest('hex').slice(0, 16);
  const inData = resolve(dataFolder, 'runtime', 'disks');
  const places = [inData, `/var/lib/switchyard/disks/${name}`, join(tmpdir(), `switchyard-disks-${name}`)];
  const reachable = places.find((place) => {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      return isOwnFolder(place) && isReachable(place);
    } catch {
      return false; // Read-only system: the next place.
    }
  });
  // Who may pass through need not see which sandboxes there are.
  const folder = join(reachable ?? inData, 'all');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  return folder;
}

/** A guest may have made folders deeper than any path, and ones that it locked itself out of. */
async function removeTree(folder: string): Promise<void> {
  try {
    await run('rm', ['-rf', '--', folder], { env: environment });
  } catch {
    await run('chmod', ['-R', 'u+rwx', '--', folder], { env: environment }).catch(() => undefined);
    await run('rm', ['-rf', '--', folder], { env: environment });
  }
}
