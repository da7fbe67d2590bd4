import { posix } from 'node:path';
import { Fault } from '../../domain/faults/fault.ts';
import type { Command, Exit, Execution, GuestEntry, GuestFile, GuestFiles, Limits } from '../contract.ts';
import { guestEnvironment, guestHome } from './guest-root.ts';
import { tarOf } from './tar.ts';

const exits = { absent: 66, notRegular: 67, notFolder: 68 } as const;
const defaultEntries = 10_000;
/** Longest that a file operation may take: a planted pipe must not hold us. */
const patienceMs = 20_000;

const readScript = `
[ -e "$1" ] || [ -L "$1" ] || exit ${exits.absent}
[ -f "$1" ] || exit ${exits.notRegular}
exec head -c "$2" -- "$1"`;
const listScript = `
[ -e "$1" ] || exit ${exits.absent}
[ -d "$1" ] || exit ${exits.notFolder}
exec find "$1/" -mindepth 1 -maxdepth "$2" -printf '${'%y\\0%s\\0%m\\0%T@\\0%l\\0%p\\0'}'`;
const statScript = `
[ -e "$1" ] || [ -L "$1" ] || exit ${exits.absent}
exec find "$1" -maxdepth 0 -printf '${'%y\\0%s\\0%m\\0%T@\\0%l\\0%p\\0'}'`;
const moveScript = `
[ -e "$1" ] || [ -L "$1" ] || exit ${exits.absent}
mkdir -p -- "$(dirname -- "$2")" && exec mv -T -- "$1" "$2"`;

/**
 * Files of a sandbox through programs that run inside it: a path means what it means to the guest, and a link that the
 * guest planted leads nowhere that the guest could not go itself.
 */
export class ShellGuestFiles implements GuestFiles {
  readonly #exec: (command: Command) => Promise<Execution>;
  readonly #limits: Limits;

  constructor(exec: (command: Command) => Promise<Execution>, limits: Limits) {
    this.#exec = exec;
    this.#limits = limits;
  }

  async read(
    path: string,
    { maxBytes = this.#limits.fileBytes }: { readonly maxBytes?: number } = {},
  ): Promise<Uint8Array> {
    const at = absolute(path);
    const { bytes } = await this.#shell(readScript, [at, String(maxBytes + 1)], { outputBytes: maxBytes + 1 });
    if (bytes.length > maxBytes) {
      throw new Fault('too_large', { message: `${at} is larger than ${maxBytes} bytes.`, param: 'path' });
    }
    return bytes;
  }

  async write(files: readonly GuestFile[]): Promise<void> {
    for (const { path, bytes } of files) {
      if (bytes.length <= this.#limits.fileBytes) continue;
      throw new Fault('too_large', {
        message: `${path} is larger than ${this.#limits.fileBytes} bytes.`,
        param: 'path',
      });
    }
    if (files.length === 0) return;
    const archive = tarOf(files.map((file) => ({ ...file, path: absolute(file.path).slice(1) })));
    // Metadata of folders that exist stays: their owner is the guest or nobody.
    const argv = [
      '/usr/bin/env',
      'tar',
      '-x',
      '-f',
      '-',
      '-C',
      '/',
      '-m',
      '--no-same-owner',
      '--no-overwrite-dir',
    ] as const;
    const { exit, stderr } = await this.#collect({ argv: [...argv], stdin: archive });
    if (exit.code !== 0) throw writeFault(stderr);
  }

  async list(
    path: string,
    { depth = 1, maxEntries = defaultEntries }: { readonly depth?: number; readonly maxEntries?: number } = {},
  ): Promise<GuestEntry[]> {
    const { bytes } = await this.#shell(listScript, [absolute(path), String(Math.max(1, depth))]);
    const entries = parseEntries(bytes);
    if (entries.length > maxEntries) {
      throw new Fault('too_large', { message: `${path} holds more than ${maxEntries} entries.`, param: 'path' });
    }
    return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  async stat(path: string): Promise<GuestEntry | undefined> {
    try {
      const { bytes } = await this.#shell(statScript, [absolute(path)]);
      return parseEntries(bytes)[0];
    } catch (error) {
      if (Fault.is(error) && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async makeFolder(path: string): Promise<void> {
    await this.#shell('exec mkdir -p -- "$1"', [absolute(path)]);
  }

  async move(from: string, to: string): Promise<void> {
    await this.#shell(moveScript, [absolute(from), absolute(to)]);
  }

  async remove(path: string): Promise<void> {
    await this.#shell('exec rm -rf -- "$1"', [absolute(path)]);
  }

  async #shell(
    script: string,
    argv: readonly [string, ...string[]],
    limits: Partial<Limits> = {},
  ): Promise<{ readonly bytes: Uint8Array }> {
    const { exit, stdout, stderr } = await this.#collect({ argv: ['/bin/sh', '-c', script, 'sh', ...argv], limits });
    if (exit.code === 0) return { bytes: stdout };
    if (exit.limitsHit.some(({ name }) => name === 'output')) {
      throw new Fault('too_large', { message: `The answer about ${argv[0]} is too large.`, param: 'path' });
    }
    if (exit.code === exits.absent) throw new Fault('not_found', { message: `There is no ${argv[0]}.`, param: 'path' });
    if (exit.code === exits.notRegular) {
      throw new Fault('invalid_request', { message: `${argv[0]} is not a regular file.`, param: 'path' });
    }
    if (exit.code === exits.notFolder) {
      throw new Fault('invalid_request', { message: `${argv[0]} is not a folder.`, param: 'path' });
    }
    throw writeFault(stderr);
  }

  async #collect(command: Command): Promise<{ exit: Exit; stdout: Uint8Array; stderr: string }> {
    const execution = await this.#exec({
      environment: guestEnvironment,
      workingFolder: '/',
      ...command,
      limits: { wallMs: patienceMs, outputGraceMs: 0, ...command.limits },
    });
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    for await (const { stream, bytes } of execution.output()) (stream === 'stdout' ? stdout : stderr).push(bytes);
    return {
      exit: await execution.exited,
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr).toString('utf8').slice(0, 500),
    };
  }
}

function absolute(path: string): string {
  if (path.includes('\0') || path === '' || path.length > 4096) {
    throw new Fault('invalid_request', { message: 'The path is empty, too long or holds a NUL byte.', param: 'path' });
  }
  return posix.resolve(guestHome, path);
}

function writeFault(stderr: string): Fault {
  if (/No space left|Disk quota|File too large/i.test(stderr)) {
    return new Fault('too_large', { message: "The sandbox's disk is full.", param: 'path' });
  }
  return new Fault('invalid_request', { message: `The file operation failed: ${stderr.trim()}`, param: 'path' });
}

const types: Readonly<Record<string, GuestEntry['type']>> = { f: 'file', d: 'directory', l: 'symlink' };

function parseEntries(bytes: Uint8Array): GuestEntry[] {
  const fields = Buffer.from(bytes).toString('utf8').split('\0');
  const entries: GuestEntry[] = [];
  for (let at = 0; at + 5 < fields.length; at += 6) {
    const [type = '', size, mode, modified, link, path = ''] = fields.slice(at, at + 6);
    const clean = posix.normalize(path);
    entries.push({
      name: posix.basename(clean),
      path: clean,
      type: types[type] ?? 'other',
      sizeBytes: Number(size),
      mode: Number.parseInt(mode ?? '0', 8),
      modifiedAtMs: Math.round(Number(modified) * 1000),
      ...(type === 'l' && link !== undefined && { linkTo: link }),
    });
  }
  return entries;
}
