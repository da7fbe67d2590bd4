import { gunzipSync, gzipSync } from 'node:zlib';
import { type SourceFile, uploadLimits } from './source-files.ts';

/** What a version was built from, beside its settings: enough to build it again. */
export interface VersionSource {
  readonly files: readonly SourceFile[];
  readonly entry?: string | undefined;
  readonly assets?: string | undefined;
}

interface Head {
  readonly entry?: string;
  readonly assets?: string;
  readonly files: readonly (readonly [path: string, sizeBytes: number])[];
}

/** Packs sources into one blob; the same sources give the same bytes. */
export function packSource({ files, entry, assets }: VersionSource): Buffer {
  const sorted = [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
  const head: Head = {
    ...(entry !== undefined && { entry }),
    ...(assets !== undefined && { assets }),
    files: sorted.map(({ path, bytes }) => [path, bytes.length]),
  };
  return gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...sorted.map(({ bytes }) => bytes)]), {
    level: 1,
  });
}

/** Reads what `packSource` wrote. */
export function unpackSource(packed: Buffer): VersionSource {
  const bytes = gunzipSync(packed, { maxOutputLength: 2 * uploadLimits.totalBytes });
  const end = bytes.indexOf(0x0a);
  const { files, ...rest } = JSON.parse(bytes.subarray(0, end).toString('utf8')) as Head;
  let at = end + 1;
  return {
    ...rest,
    files: files.map(([path, sizeBytes]) => ({ path, bytes: bytes.subarray(at, (at += sizeBytes)) })),
  };
}
