import { posix } from 'node:path';
import { Fault } from '../../domain/faults/fault.ts';
import type { Execution, Sandbox } from '../contract.ts';
import { RunSlots } from '../runs/run-slots.ts';
import type { DiskRoom } from './disk-room.ts';
import {
  callFault,
  callGuest,
  followCall,
  garbledFault,
  type GuestCall,
  mostMessages,
  noSpaceFault,
  startCall,
} from './guest/guest-call.ts';
import { framed, MessageReader, packFields, unpackFields } from './guest/guest-messages.ts';
import { readEntry } from './guest/read-entry.ts';
import type { SandboxEntry, SandboxFileEvent } from './sandbox-types.ts';

/** A file that comes in pieces. */
export interface IncomingFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A file on its way out. */
export interface OutgoingFile {
  readonly sizeBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Bounds of the file interface. */
export interface FileBounds {
  readonly fileBytes: number;
  readonly disk: Pick<DiskRoom, 'require' | 'take'>;
}

/** What of a folder is watched, and until when. */
export interface WatchOptions {
  readonly recursive: boolean;
  readonly withEntry: boolean;
  readonly signal: AbortSignal;
}

/** Operations that are done at once, and more that wait for that. */
const mostCalls = 8;
const mostTransfers = 32;
const mostWaiting = 256;
const mostWatches = 64;
/** Longest that one upload or download may take. */
const transferMs = 3_600_000;
const pieceBytes = 60 * 1024;
const listBytes = 32 * 1024 * 1024;

/** Files of a long-lived sandbox, by programs that run inside it. */
export class SandboxFiles {
  readonly #sandbox: () => Promise<Sandbox>;
  readonly #bounds: FileBounds;
  readonly #calls = new RunSlots(mostCalls, mostWaiting);
  readonly #transfers = new RunSlots(mostTransfers, mostWaiting);
  #watches = 0;

  constructor(sandbox: () => Promise<Sandbox>, bounds: FileBounds) {
    this.#sandbox = sandbox;
    this.#bounds = bounds;
  }

  async stat(path: string): Promise<SandboxEntry> {
    const { sandbox, at } = await this.#at(path);
    return this.#one('stat', { sandbox, argv: [at] });
  }

  async list(path: string, depth: number): Promise<SandboxEntry[]> {
    const { sandbox, at } = await this.#at(path);
    const argv = [at, String(Math.max(1, Math.trunc(depth))), String(mostMessages)];
    const entries = await this.#call(sandbox, { operation: 'list', argv, outputBytes: listBytes });
    return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  /** Throws a `conflict` when it is there already. */
  async makeFolder(path: string): Promise<SandboxEntry> {
    const { sandbox, at } = await this.#at(path);
    return this.#one('makeFolder', { sandbox, argv: [at] });
  }

  async move(from: string, to: string): Promise<SandboxEntry> {
    const { sandbox, at } = await this.#at(from);
    return this.#one('move', { sandbox, argv: [at, absolutePath(to, sandbox.home)] });
  }

  /** Recursive; absent is fine. */
  async remove(path: string): Promise<void> {
    const { sandbox, at } = await this.#at(path);
    await this.#call(sandbox, { operation: 'remove', argv: [at] });
  }

  /** Starts to read a file; its size is known before its bytes, which come as fast as they are taken. */
  async read(path: string): Promise<OutgoingFile> {
    const { sandbox, at } = await this.#at(path);
    const { fileBytes } = this.#bounds;
    const execution = await this.#transfer(sandbox, {
      operation: 'read',
      argv: [at, String(fileBytes)],
      outputBytes: fileBytes + 1024,
    });
    const pieces = execution.output()[Symbol.asyncIterator]();
    let head = Buffer.alloc(0);
    let stderr = '';
    while (head.length < 8) {
      const { done, value } = await pieces.next();
      if (done === true) throw callFault(await execution.exited, { path: at, stderr });
      if (value.stream === 'stdout') head = Buffer.concat([head, value.bytes]);
      else stderr += Buffer.from(value.bytes).toString('utf8').slice(0, 500);
    }
    const sizeBytes = head.readUInt32BE(0) * 2 ** 32 + head.readUInt32BE(4);
    if (sizeBytes > fileBytes) {
      execution.kill('SIGKILL');
      throw garbledFault();
    }
    return { sizeBytes, bytes: restOf(execution, { pieces, first: head.subarray(8), sizeBytes }) };
  }

  /** Writes files one after the other; each is whole and durable before it is told, or not there at all. */
  async write(files: AsyncIterable<IncomingFile>): Promise<SandboxEntry[]> {
    const { fileBytes, disk } = this.#bounds;
    await disk.require();
    const sandbox = await this.#sandbox();
    const argv = [String(fileBytes)];
    const execution = await this.#transfer(sandbox, { operation: 'write', argv, stdin: 'open' });
    const entries: SandboxEntry[] = [];
    let latest = '';
    const following = followCall(execution, (entry) => entries.push(entry));
    following.catch(() => undefined); // Awaited below; until then it must not end us.
    try {
      for await (const { path, metadata, bytes } of files) {
        latest = absolutePath(path, sandbox.home);
        const isTaken = await sendFile(execution, { path: latest, metadata, bytes: bounded(bytes, disk) });
        if (!isTaken) break;
      }
      await execution.writeInput(framed(new Uint8Array()));
    } finally {
      // Without its end a file that was begun is given up.
      execution.closeInput();
    }
    const { exit, stderr } = await following;
    if (exit.code !== 0) throw callFault(exit, { path: latest, stderr });
    return entries;
  }

  /** Changes below a folder, from the moment that `ready` comes; ends with the sandbox or by the signal. */
  async *watch(path: string, options: WatchOptions): AsyncGenerator<SandboxFileEvent | 'ready'> {
    if (this.#watches >= mostWatches) {
      throw new Fault('rate_limited', {
        message: `At most ${mostWatches} folders of a sandbox may be watched at once.`,
      });
    }
    this.#watches += 1;
    try {
      yield* this.#follow(path, options);
    } finally {
      this.#watches -= 1;
    }
  }

  async *#follow(path: string, options: WatchOptions): AsyncGenerator<SandboxFileEvent | 'ready'> {
    const { sandbox, at } = await this.#at(path);
    const { signal } = options;
    const flags = [options.recursive, options.withEntry].map((flag) => (flag ? '1' : '0'));
    const execution = await startCall(sandbox, {
      operation: 'watch',
      argv: [at, ...flags],
      wallMs: 24 * transferMs,
      outputBytes: Number.MAX_SAFE_INTEGER,
    });
    const reader = new MessageReader(64 * 1024);
    let stderr = '';
    const stop = (): void => execution.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) void execution.started.then(stop);
    try {
      for await (const { stream, bytes } of execution.output()) {
        if (stream === 'stderr') stderr = (stderr + Buffer.from(bytes).toString('utf8')).slice(0, 500);
        else for (const message of reader.push(bytes)) yield readEvent(message);
      }
      const exit = await execution.exited;
      if (exit.code !== null && exit.code !== 0) throw callFault(exit, { path: at, stderr });
    } catch (error) {
      throw error instanceof RangeError ? garbledFault() : error;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  async #at(path: string): Promise<{ readonly sandbox: Sandbox; readonly at: string }> {
    const sandbox = await this.#sandbox();
    return { sandbox, at: absolutePath(path, sandbox.home) };
  }

  async #one(
    operation: 'stat' | 'makeFolder' | 'move',
    { sandbox, argv }: { readonly sandbox: Sandbox; readonly argv: readonly string[] },
  ): Promise<SandboxEntry> {
    const [entry] = await this.#call(sandbox, { operation, argv });
    if (!entry) throw garbledFault();
    return entry;
  }

  async #call(sandbox: Sandbox, call: GuestCall): Promise<SandboxEntry[]> {
    const leave = await this.#calls.take();
    try {
      return await callGuest(sandbox, call);
    } finally {
      leave();
    }
  }

  /** Starts to carry the bytes of files; its place is free when the program inside ended. */
  async #transfer(sandbox: Sandbox, call: GuestCall): Promise<Execution> {
    const leave = await this.#transfers.take();
    try {
      const execution = await startCall(sandbox, { ...call, wallMs: transferMs });
      execution.exited.then(leave, leave);
      return execution;
    } catch (error) {
      leave();
      throw error;
    }
  }
}

/** A path as the guest means it; relative ones and `~` begin at its home. */
export function absolutePath(path: string, home: string): string {
  if (path === '' || path.length > 4096 || path.includes('\0')) {
    throw new Fault('invalid_request', { message: 'The path is empty, too long or holds a NUL byte.', param: 'path' });
  }
  return posix.resolve(home, path === '~' || path.startsWith('~/') ? `.${path.slice(1)}` : path);
}

/** The bytes of an upload as long as there is room for them. */
async function* bounded(bytes: AsyncIterable<Uint8Array>, disk: FileBounds['disk']): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    if (!(await disk.take(piece.length))) throw noSpaceFault();
    yield piece;
  }
}

async function sendFile(execution: Execution, { path, metadata, bytes }: IncomingFile): Promise<boolean> {
  const head = packFields([path, ...Object.entries(metadata).flat()]);
  if (!(await execution.writeInput(framed(head)))) return false;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      if (!(await execution.writeInput(framed(piece.subarray(at, at + pieceBytes))))) return false;
    }
  }
  return execution.writeInput(framed(new Uint8Array()));
}

interface RestOfFile {
  readonly pieces: AsyncIterator<{ readonly stream: string; readonly bytes: Uint8Array }>;
  readonly first: Buffer;
  readonly sizeBytes: number;
}

/** Exactly as many bytes as were announced, or an error. */
async function* restOf(execution: Execution, { pieces, first, sizeBytes }: RestOfFile): AsyncGenerator<Uint8Array> {
  let left = sizeBytes - first.length;
  try {
    if (first.length > 0) yield first;
    while (left > 0) {
      const { done, value } = await pieces.next();
      if (done === true) throw new Fault('internal', { message: 'The file became shorter while it was read.' });
      if (value.stream !== 'stdout') continue;
      left -= value.bytes.length;
      yield value.bytes;
    }
  } finally {
    execution.kill('SIGKILL');
    await pieces.return?.();
  }
}

const eventTypes: readonly string[] = ['create', 'write', 'remove', 'rename', 'chmod'];

function readEvent(message: Buffer): SandboxFileEvent | 'ready' {
  if (message.toString('latin1') === 'ready') return 'ready';
  const [type, name, entry] = unpackFields(message);
  const known = type?.toString('latin1') ?? '';
  return {
    type: eventTypes.includes(known) ? (known as SandboxFileEvent['type']) : 'chmod',
    name: name?.toString('utf8') ?? '',
    ...(entry !== undefined && entry.length > 0 && { entry: readEntry(entry) }),
  };
}
