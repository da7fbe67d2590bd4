import type { FileHandle } from 'node:fs/promises';

/** A record on its way to the disk. */
export interface NamedRecord {
  readonly name: string;
  readonly content: string;
}

/** Where a record lies in its file. */
export interface RecordSpan {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

const newline = 0x0a;
const maxHeaderBytes = 64 * 1024;
/** So many names fit into a header for certain. */
export const maxPackedRecords = 256;

/** Several records as one file: a line with names and sizes, then the records. */
export function encodePack(records: readonly NamedRecord[]): { bytes: Buffer; spans: readonly RecordSpan[] } {
  const contents = records.map(({ content }) => Buffer.from(content));
  const sizes = records.map(({ name }, at): [string, number] => [name, contents[at]?.length ?? 0]);
  const header = Buffer.from(`${JSON.stringify(sizes)}\n`);
  return { bytes: Buffer.concat([header, ...contents]), spans: toSpans(sizes, header.length) };
}

/** Reads which records a file holds; none when it is no such file. */
export async function readPackHeader(file: FileHandle): Promise<readonly RecordSpan[]> {
  const start = Buffer.alloc(maxHeaderBytes);
  const { bytesRead } = await file.read(start, 0, maxHeaderBytes, 0);
  const end = start.subarray(0, bytesRead).indexOf(newline);
  if (end < 0) return [];
  try {
    const sizes: unknown = JSON.parse(start.toString('utf8', 0, end));
    return Array.isArray(sizes) && sizes.every(isSize) ? toSpans(sizes, end + 1) : [];
  } catch {
    // Damaged: its records are lost.
    return [];
  }
}

function toSpans(sizes: readonly [string, number][], headerBytes: number): readonly RecordSpan[] {
  let offset = headerBytes;
  return sizes.map(([name, sizeBytes]) => {
    const span = { name, offset, sizeBytes };
    offset += sizeBytes;
    return span;
  });
}

function isSize(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}
