import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AuditError } from '../audit-error.ts';

const gzipMagic = [0x1f, 0x8b];
const foreignMagics: readonly (readonly [number[], string])[] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'is compressed with zstd; unpack it, or use gzip'],
  [[0x50, 0x4b, 0x03, 0x04], 'is a zip archive or a spreadsheet; unpack it, or export CSV'],
  [[0x50, 0x41, 0x52, 0x31], 'is a Parquet file; export CSV or JSON lines'],
  [[0xff, 0xfe], 'is UTF-16; save it as UTF-8'],
  [[0xfe, 0xff], 'is UTF-16; save it as UTF-8'],
  // Without a mark: an opening bracket beside a zero that no log in UTF-8 has.
  [[0x7b, 0x00], 'is UTF-16; save it as UTF-8'],
  [[0x5b, 0x00], 'is UTF-16; save it as UTF-8'],
  [[0x00, 0x7b], 'is UTF-16; save it as UTF-8'],
  [[0x00, 0x5b], 'is UTF-16; save it as UTF-8'],
];

/** Opens a file as bytes, unpacking gzip by its first bytes, not by its name. */
export async function openText(path: string): Promise<Readable> {
  const magic = await firstBytes(path);
  const startsWith = (bytes: readonly number[]): boolean => bytes.every((byte, at) => magic[at] === byte);
  const foreign = foreignMagics.find(([bytes]) => startsWith(bytes));
  if (foreign) throw new AuditError(`${path} ${foreign[1]}`);
  const raw = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!startsWith(gzipMagic)) return raw;
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  raw.on('error', (error) => unpacked.destroy(error));
  return raw.pipe(unpacked);
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
