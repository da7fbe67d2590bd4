import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMissing } from '../../platform/read-optional-file.ts';
import { writeAtomically } from '../atomic-file.ts';
import { DatabaseError } from '../postgres/database-error.ts';

/** What a backup holds of one table, to be found again after a restore. */
export interface TableRecord {
  readonly name: string;
  readonly rows: string;
  /** Sum of each column of amounts; null where there is none. */
  readonly sums: { readonly [column: string]: string | null };
}

/** A range of a partitioned table. */
export interface PartitionRecord {
  readonly name: string;
  readonly parent: string;
  readonly bound: string;
}

/** A file of the backup. */
export interface FileRecord {
  /** Relative to the backup. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Describes a backup so that a restore can tell whether it got all of it. */
export interface BackupManifest {
  readonly format: 1;
  readonly createdAtMs: number;
  readonly serverVersion: string;
  readonly migrations: readonly { readonly number: number; readonly checksum: string }[];
  readonly tables: readonly TableRecord[];
  readonly partitions: readonly PartitionRecord[];
  readonly sequences: readonly { readonly name: string; readonly value: string }[];
  /** Rows of the projectors' positions, as JSON text: replay goes on from there. */
  readonly watermarks: readonly string[];
  readonly files: readonly FileRecord[];
}

/** Name of the compressed tables in a backup. */
export const tablesFile = 'tables.gz';
const manifestFile = 'manifest.json';

/** Written last: a backup without it was cut off. */
export async function writeManifest(folder: string, manifest: BackupManifest): Promise<void> {
  const body = JSON.stringify(manifest, undefined, 2);
  await writeAtomically(join(folder, manifestFile), `${body}\n${digest(body)}\n`, { durable: true });
}

/** Reads a manifest and every file it names; throws DatabaseError unless all is as it was written. */
export async function readBackup(folder: string): Promise<BackupManifest> {
  const manifest = parseManifest(folder, await readText(folder));
  for (const file of manifest.files) {
    const found = await describeFile(folder, file.path).catch((error: unknown) => {
      throw isMissing(error) ? damaged(folder, `${file.path} is missing`) : error;
    });
    if (found.sizeBytes !== file.sizeBytes || found.sha256 !== file.sha256) {
      throw damaged(folder, `${file.path} is not what was written`);
    }
  }
  return manifest;
}

/** Size and fingerprint of a file. */
export async function describeFile(folder: string, path: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  const { size } = await stat(join(folder, path));
  await pipeline(createReadStream(join(folder, path)), hash);
  return { path, sizeBytes: size, sha256: hash.digest('hex') };
}

/** One sentence on what is wrong with a backup. */
export function damaged(folder: string, what: string): DatabaseError {
  return new DatabaseError('backup_damaged', `the backup in ${folder} is damaged: ${what}`);
}

async function readText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, manifestFile), 'utf8');
  } catch (error) {
    throw new DatabaseError(
      'backup_damaged',
      `there is no finished backup in ${folder}: ${manifestFile} is missing`,
      error,
    );
  }
}

function parseManifest(folder: string, text: string): BackupManifest {
  const [, body = '', checksum] = /^([\s\S]*)\n([0-9a-f]{64})\n$/.exec(text) ?? [];
  if (digest(body) !== checksum) throw damaged(folder, `${manifestFile} is not what was written`);
  const manifest: { format: number } & BackupManifest = JSON.parse(body);
  if (manifest.format !== 1) throw damaged(folder, `its format ${manifest.format} is unknown to this program`);
  return manifest;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
