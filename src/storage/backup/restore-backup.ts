import { createReadStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createGunzip } from 'node:zlib';
import type pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import { DatabaseError } from '../postgres/database-error.ts';
import { checksumOf, migrate } from '../postgres/migrate.ts';
import { migrations as ownMigrations } from '../postgres/migrations/index.ts';
import type { Migration } from '../postgres/migrations/migration.ts';
import { sessionOf } from '../postgres/sql-session.ts';
import { type BackupManifest, damaged, readBackup, tablesFile } from './backup-manifest.ts';
import { connectAlone } from './connect-alone.ts';
import { type CopyInput, openCopyIn } from './copy-stream.ts';
import { splitSections } from './split-sections.ts';
import { measureTable, quote, readPartitions, readTables } from './table-catalog.ts';

/** What is restored, and where to. */
export interface RestoreSettings {
  /** Folder of the backup. */
  readonly from: string;
  /** URL of an empty database. */
  readonly url: string;
  /** Where the journals go; nothing there yet. */
  readonly journalFolder?: string;
  readonly clock: Clock;
  readonly migrations?: readonly Migration[];
}

/**
 * Brings a backup back into an empty database and an empty journal folder, all of it or nothing. What the journals
 * hold beyond the watermark is projected at the next start. Throws DatabaseError.
 */
export async function restoreBackup(settings: RestoreSettings): Promise<BackupManifest> {
  const { from, url, journalFolder, clock, migrations = ownMigrations } = settings;
  const manifest = await readBackup(from);
  const known = migrationsOf(manifest, migrations);
  const client = await connectAlone(url);
  try {
    await refuseUsedDatabase(client);
    await migrate(sessionOf(client), { migrations: known, clock });
    await load(client, { from, manifest });
    // A backup of an older program becomes one of this program.
    await migrate(sessionOf(client), { migrations, clock });
  } finally {
    await client.end();
  }
  if (journalFolder !== undefined) await copyJournals(manifest, { from, journalFolder });
  return manifest;
}

/** The migrations that had been applied when the backup was made. */
function migrationsOf(manifest: BackupManifest, migrations: readonly Migration[]): readonly Migration[] {
  const known = migrations.filter(({ number }) => manifest.migrations.some((applied) => applied.number === number));
  const newest = manifest.migrations.at(-1)?.number ?? 0;
  if (known.length < manifest.migrations.length) {
    throw new DatabaseError(
      'schema_newer',
      `the backup has schema version ${newest}, this program knows ${migrations.at(-1)?.number ?? 0}: restore it with the program that wrote it or a newer one`,
    );
  }
  for (const migration of known) {
    const { checksum } = manifest.migrations.find(({ number }) => number === migration.number) ?? {};
    if (checksum === checksumOf(migration)) continue;
    throw new DatabaseError(
      'schema_changed',
      `migration ${migration.number} of the backup is not the one of this program`,
    );
  }
  return known;
}

async function refuseUsedDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') LIMIT 1`,
  );
  const [first] = rows;
  if (first === undefined) return;
  throw new DatabaseError(
    'not_empty',
    `the database is not empty: it has a table ${first.name}; restore into a new one`,
  );
}

/** One transaction: a restore that fails leaves empty tables. */
async function load(client: pg.Client, { from, manifest }: { from: string; manifest: BackupManifest }): Promise<void> {
  await client.query('BEGIN');
  try {
    const tables = await readTables(client);
    const names = tables.map(({ name }) => quote(name)).join(', ');
    // Guards against changing what was written stand in the way of writing it again.
    for (const { name } of tables) await client.query(`ALTER TABLE ${quote(name)} DISABLE TRIGGER USER`);
    if (names !== '') await client.query(`TRUNCATE ${names}`);
    await makePartitions(client, manifest);
    await loadTables(client, { from, tables: new Set(tables.map(({ name }) => name)) });
    for (const { name, value } of manifest.sequences) await client.query('SELECT setval($1, $2)', [quote(name), value]);
    for (const { name } of tables) await client.query(`ALTER TABLE ${quote(name)} ENABLE TRIGGER USER`);
    await compare(client, manifest);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function makePartitions(client: pg.Client, { partitions }: BackupManifest): Promise<void> {
  const present = new Set((await readPartitions(client)).map(({ name }) => name));
  for (const { name, parent, bound } of partitions) {
    if (present.has(name)) continue;
    await client.query(`CREATE TABLE ${quote(name)} PARTITION OF ${quote(parent)} ${bound}`);
  }
}

async function loadTables(
  client: pg.Client,
  { from, tables }: { from: string; tables: ReadonlySet<string> },
): Promise<void> {
  const input = createReadStream(join(from, tablesFile)).pipe(createGunzip());
  let copy: CopyInput | undefined;
  for await (const part of splitSections(input)) {
    if (part.kind === 'rows') await copy?.write(part.bytes);
    else if (part.kind === 'end') await copy?.end();
    else {
      const { table, columns } = part.header;
      if (!tables.has(table)) throw damaged(from, `its schema has no table ${table}`);
      copy = await openCopyIn(client, `COPY ${quote(table)} (${columns.map(quote).join(', ')}) FROM STDIN`);
    }
  }
}

async function compare(client: pg.Client, manifest: BackupManifest): Promise<void> {
  const tables = await readTables(client);
  for (const expected of manifest.tables) {
    const table = tables.find(({ name }) => name === expected.name);
    const found = table === undefined ? undefined : await measureTable(client, table);
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    throw new DatabaseError(
      'backup_damaged',
      `table ${expected.name} has ${found?.rows ?? 'no'} rows and sums ${JSON.stringify(found?.sums)} after the restore, the backup had ${expected.rows} and ${JSON.stringify(expected.sums)}`,
    );
  }
}

async function copyJournals(
  { files }: BackupManifest,
  { from, journalFolder }: { from: string; journalFolder: string },
): Promise<void> {
  for (const { path } of files.filter(({ path: name }) => name !== tablesFile)) {
    const target = join(journalFolder, relative('journal', path));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(join(from, path), target);
  }
}
