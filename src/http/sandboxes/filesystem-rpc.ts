import type { SandboxEntry, SandboxFileEvent } from '../../runtime/index.ts';
import { ConnectError, ConnectStream, toConnectError } from './connect-protocol.ts';
import type { EnvdCall, StreamCall, UnaryCall } from './envd-calls.ts';
import { userOf } from './guest-user.ts';
import { flagField, numberField, textField } from './read-fields.ts';

/** Calls about files that have one answer. */
export const filesystemCalls: { readonly [method: string]: UnaryCall } = {
  Stat: async (call) => ({ entry: wireEntry(await call.sandbox.files.stat(pathOf(call))) }),

  async ListDir(call) {
    const depth = numberField(call.message, 'depth');
    const entries = await call.sandbox.files.list(pathOf(call), depth === 0 ? 1 : depth);
    return { entries: entries.map(wireEntry) };
  },

  MakeDir: async (call) => ({ entry: wireEntry(await call.sandbox.files.makeFolder(pathOf(call))) }),

  async Move(call) {
    const from = pathOf(call, 'source');
    return { entry: wireEntry(await call.sandbox.files.move(from, pathOf(call, 'destination'))) };
  },

  async Remove(call) {
    await call.sandbox.files.remove(pathOf(call));
    return {};
  },
};

/** Calls about files whose answer goes on. */
export const filesystemStreams: { readonly [method: string]: StreamCall } = {
  async WatchDir(call) {
    const { sandbox, message, request, response, deadlineMs } = call;
    const abort = new AbortController();
    const events = sandbox.files.watch(pathOf(call), {
      recursive: flagField(message, 'recursive'),
      withEntry: flagField(message, 'includeEntry'),
      signal: abort.signal,
    });
    const first = await events.next();
    if (first.done === true) throw new ConnectError('unavailable', 'The folder cannot be watched.');
    const stream = new ConnectStream(request, response, { keepalive: {} });
    response.once('close', () => abort.abort());
    if (response.destroyed) abort.abort();
    const late = (): void => {
      stream.end(new ConnectError('deadline_exceeded', 'The time to watch the folder is over.'));
      abort.abort();
    };
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    try {
      await stream.send({ start: {} });
      for await (const event of events) if (event !== 'ready') await stream.send({ filesystem: wireEvent(event) });
      stream.end();
    } catch (error) {
      stream.end(toConnectError(error) ?? new ConnectError('internal', 'The folder is no longer watched.'));
    } finally {
      clearTimeout(timer);
    }
  },
};

function pathOf({ message, request }: EnvdCall, name = 'path'): string {
  userOf(request); // Whoever it is acts on the same files; a user that is not there does not.
  const path = textField(message, name);
  // As a shell would: no path is the home folder.
  return path === '' ? '.' : path;
}

const types = {
  file: 'FILE_TYPE_FILE',
  directory: 'FILE_TYPE_DIRECTORY',
  symlink: 'FILE_TYPE_SYMLINK',
  other: 'FILE_TYPE_UNSPECIFIED',
} as const;

function wireEntry(entry: SandboxEntry): object {
  return {
    name: entry.name,
    type: types[entry.type],
    path: entry.path,
    size: String(entry.sizeBytes),
    mode: entry.mode & 0o777,
    permissions: permissionsOf(entry),
    owner: entry.owner,
    group: entry.group,
    modifiedTime: new Date(entry.modifiedAtMs).toISOString(),
    ...(entry.linkTo !== undefined && { symlinkTarget: entry.linkTo }),
    ...(Object.keys(entry.metadata).length > 0 && { metadata: entry.metadata }),
  };
}

function permissionsOf({ type, mode, linkTo }: SandboxEntry): string {
  const kind = type === 'directory' ? 'd' : '-';
  const letter = linkTo === undefined ? kind : 'L';
  const bits = [...'rwxrwxrwx'].map((bit, at) => ((mode & (0o400 >> at)) === 0 ? '-' : bit));
  return letter + bits.join('');
}

function wireEvent({ type, name, entry }: SandboxFileEvent): object {
  return { name, type: `EVENT_TYPE_${type.toUpperCase()}`, ...(entry && { entry: wireEntry(entry) }) };
}
