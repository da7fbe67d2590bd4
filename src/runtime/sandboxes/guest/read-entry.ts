import { posix } from 'node:path';
import type { SandboxEntry } from '../sandbox-types.ts';
import { unpackFields } from './guest-messages.ts';

const types: { readonly [letter: string]: SandboxEntry['type'] } = { f: 'file', d: 'directory', l: 'symlink' };

/** Reads what an operation in the sandbox says about a path. Throws a RangeError for what can be nothing of that. */
export function readEntry(message: Buffer): SandboxEntry {
  if (message.length === 0) throw new RangeError('an empty message');
  const fields = unpackFields(message).map((field) => field.toString('utf8'));
  const [type = '', size, mode, modified, owner = '', group = '', link = '', path = ''] = fields;
  const metadata: [string, string][] = [];
  for (let at = 8; at + 1 < fields.length; at += 2) metadata.push([fields[at] ?? '', fields[at + 1] ?? '']);
  return {
    name: posix.basename(path),
    path,
    type: types[type] ?? 'other',
    sizeBytes: Number(size),
    mode: Number(mode),
    owner,
    group,
    modifiedAtMs: Number(modified) * 1000,
    ...(link !== '' && { linkTo: link }),
    metadata: Object.fromEntries(metadata),
  };
}
