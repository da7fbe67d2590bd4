import { constants, gunzip, type InputType } from 'node:zlib';
import { promisify } from 'node:util';
import { Fault } from '../../domain/faults/fault.ts';
import { type SourceFile, uploadLimits } from './source-files.ts';

const unzip: (bytes: InputType, settings: object) => Promise<Buffer> = promisify(gunzip);
const blockBytes = 512;

/**
 * Reads a tar archive, plain or gzipped, in memory and never beyond the limits of an upload. Only files and folders are
 * taken: links and devices are refused, since they would mean something else where the files end up.
 */
export async function readArchive(archive: Buffer): Promise<SourceFile[]> {
  const isGzip = archive[0] === 0x1f && archive[1] === 0x8b;
  if (archive.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') throw broken('is a zip; send a tar or tar.gz');
  return readTar(isGzip ? await expand(archive) : archive);
}

async function expand(archive: Buffer): Promise<Buffer> {
  // Room for the heads of its files as well.
  const maxOutputLength = uploadLimits.totalBytes + uploadLimits.files * 2 * blockBytes;
  try {
    return await unzip(archive, { maxOutputLength, finishFlush: constants.Z_FINISH });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      const message = `The archive unpacks to more than ${uploadLimits.totalBytes} bytes.`;
      throw new Fault('too_large', { message, param: 'archive', cause: error });
    }
    throw broken('cannot be unpacked', error);
  }
}

interface TarEntry {
  readonly name: string;
  readonly type: string;
  readonly start: number;
  readonly sizeBytes: number;
}

function readTar(tar: Buffer): SourceFile[] {
  const files: SourceFile[] = [];
  let longName: string | undefined;
  if (tar.length < blockBytes) throw broken('is no tar archive');
  for (let at = 0; at + blockBytes <= tar.length;) {
    const entry = readHead(tar, at);
    if (entry === undefined) break;
    const { type, start, sizeBytes } = entry;
    const bytes = tar.subarray(start, start + sizeBytes);
    if (bytes.length < sizeBytes) throw broken('ends within a file');
    at = start + Math.ceil(sizeBytes / blockBytes) * blockBytes;
    const name = longName ?? entry.name;
    if (type === 'x' || type === 'L') {
      longName = type === 'L' ? textOf(bytes) : (pathOfPax(bytes) ?? longName);
      continue;
    }
    longName = undefined;
    if (type === 'g' || type === '5') continue;
    if (type !== '0' && type !== '\0' && type !== '7') {
      throw broken(`holds ${JSON.stringify(name.slice(0, 200))}, which is no file`);
    }
    if (files.length >= uploadLimits.files) throw broken(`has more than ${uploadLimits.files} files`);
    files.push({ path: name.replace(/^(\.\/)+/, ''), bytes: Buffer.from(bytes) });
  }
  return files;
}

function readHead(tar: Buffer, at: number): TarEntry | undefined {
  const head = tar.subarray(at, at + blockBytes);
  if (head.every((byte) => byte === 0)) return undefined;
  const declared = Number.parseInt(textOf(head.subarray(148, 156)).trim(), 8);
  const sum = head.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (declared !== sum) throw broken('is no tar archive');
  const size = textOf(head.subarray(124, 136)).trim();
  if (!/^[0-7]{0,11}$/.test(size)) throw broken('has a file of impossible size');
  const prefix = head.subarray(257, 262).toString('latin1') === 'ustar' ? textOf(head.subarray(345, 500)) : '';
  const name = textOf(head.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(head[156] ?? 0),
    start: at + blockBytes,
    sizeBytes: Number.parseInt(size === '' ? '0' : size, 8),
  };
}

/** The path of an extended head: records of `length key=value`. */
function pathOfPax(bytes: Buffer): string | undefined {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number.parseInt(bytes.subarray(at, space).toString('latin1'), 10);
    if (space < 0 || !(length > 0)) return undefined;
    const record = bytes.subarray(space + 1, at + length - 1).toString('utf8');
    if (record.startsWith('path=')) return record.slice('path='.length);
    at += length;
  }
  return undefined;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8');
}

function broken(what: string, cause?: unknown): Fault {
  return new Fault('invalid_request', { message: `The archive ${what}.`, param: 'archive', cause });
}
