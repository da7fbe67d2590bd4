import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import { isMissing } from '../../platform/read-optional-file.ts';
import { DatabaseError } from '../postgres/database-error.ts';
import {
  type BackupManifest,
  describeFile,
  type FileRecord,
  type TableRecord,
  tablesFile,
  writeManifest,
} from './backup-manifest.ts';
import { openCompressedFile } from './compressed-file.ts';
import { copyOut } from './copy-stream.ts';
import { connectAlone } from './connect-alone.ts';
import { measureTable, quote, readPartitions, readSequences, readTables } from './table-catalog.ts';

/** What is saved, and where to. */
export interface BackupSettings {
  /** URL of the database. */
  readonly url: string;
  /** Made by the backup; must not hold anything yet. */
  readonly to: string;
  /** Folder of the journals; its files are copied after the database, so that nothing the database knows is missing. */
  readonly journalFolder?: string;
  readonly clock: Clock;
}

/** Saves the database as of one moment together with the journals, while everything goes on working. */
export async function writeBackup({ url, to, journalFolder, clock }: BackupSettings): Promise<BackupManifest> {
  await makeEmptyFolder(to);
  const client = await connectAlone(url);
  let saved: Omit<BackupManifest, 'files'>;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    saved = await saveTables(client, { to, createdAtMs: clock.nowMs() });
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  const files = [
    await describeFile(to, tablesFile),
    ...(journalFolder === undefined ? [] : await copyJournals(journalFolder, to)),
  ];
  const manifest = { ...saved, files };
  await writeManifest(to, manifest);
  return manifest;
}

/** Makes a folder, or takes an empty one; throws DatabaseError when something is in it. */
async function makeEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [first] = await readdir(folder);
  if (first === undefined) return;
  throw new DatabaseError('not_empty', `${folder} is not empty: it holds ${first}`);
}

async function saveTables(
  client: pg.Client,
  { to, createdAtMs }: { to: string; createdAtMs: number },
): Promise<Omit<BackupManifest, 'files'>> {
  const file = openCompressedFile(join(to, tablesFile));
  const tables: TableRecord[] = [];
  for (const table of await readTables(client)) {
    const columns = table.columns.map(quote).join(', ');
    await file.write(`${JSON.stringify({ table: table.name, columns: table.columns })}\n`);
    await copyOut(client, `COPY (SELECT ${columns} FROM ${quote(table.name)}) TO STDOUT`, file.write);
    await file.write('\\.\n');
    tables.push(await measureTable(client, table));
  }
  await file.end();
  const { rows: migrations } = await client.query<{ number: number; checksum: string }>(
    'SELECT number, checksum FROM schema_migration ORDER BY number',
  );
  const { rows: servers } = await client.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  return {
    format: 1,
    createdAtMs,
    serverVersion: servers[0]?.version ?? '',
    migrations,
    tables,
    partitions: await readPartitions(client),
    sequences: await readSequences(client),
    watermarks: await readWatermarks(client),
  };
}

async function readWatermarks(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query("SELECT 1 WHERE to_regclass('watermark') IS NOT NULL");
  if (found.length === 0) return [];
  const { rows } = await client.query<{ row: string }>('SELECT to_jsonb(w)::text AS row FROM watermark w ORDER BY 1');
  return rows.map(({ row }) => row);
}

/** Segments are copied as far as they are written: a frame that is cut off is dropped when the journal is opened. */
async function copyJournals(journalFolder: string, to: string): Promise<FileRecord[]> {
  const files: FileRecord[] = [];
  const entries = await readdir(journalFolder, { recursive: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries.filter((name) => name.endsWith('.log')).toSorted()) {
    const path = join('journal', entry);
    await mkdir(dirname(join(to, path)), { recursive: true, mode: 0o700 });
    try {
      await copyFile(join(journalFolder, entry), join(to, path));
    } catch (error) {
      if (isMissing(error)) continue; // Its time was over; whatever is projected is in the database.
      throw error;
    }
    files.push(await describeFile(to, path));
  }
  return files;
}
