import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { usageBuckets } from '../../domain/rating/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { hostAccount, ownAccount } from '../books/accounts.ts';
import { postTransaction } from '../books/post-transaction.ts';
import { canonicalJson } from '../invoices/canonical-json.ts';
import { LedgerError } from '../ledger-error.ts';
import { unitColumns } from '../projector/sums/use-sum.ts';
import type { DayRange, OurHour } from './align-use.ts';
import type { Bill, BillCell, BillProblem } from './bill.ts';
import { type CompareSettings, compareBill } from './compare-bill.ts';
import { readBill } from './read-bill.ts';
import type { ReconciliationReport } from './reconciliation-report.ts';

const dayMs = 86_400_000;
const insertedAtOnce = 2000;

/** What the reconciler works with. */
export interface ReconcilerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly createId: (prefix: string) => string;
}

/** A file to import. */
export interface BillFile {
  readonly name: string;
  readonly text: string;
  /** The host as it is named here, when it differs from the format's own. */
  readonly host?: string | undefined;
  readonly format?: string | undefined;
}

/** A bill that was imported. */
export interface ImportedBill {
  readonly id: string;
  readonly host: string;
  readonly format: string;
  readonly name: string;
  readonly rows: number;
  readonly problems: readonly BillProblem[];
  readonly unknownColumns: readonly string[];
  readonly firstDay: number | null;
  readonly lastDay: number | null;
  readonly importedAtMs: number;
  /** The same file was imported before: nothing was added. */
  readonly isRepeated: boolean;
}

/** A posted difference. */
export interface PostedVariance {
  readonly report: ReconciliationReport;
  readonly varianceNanos: bigint;
  /** Absent when there was nothing to post. */
  readonly operationKey: string | undefined;
}

/** Imports bills of hosts and compares them with what was metered; never alters a fact. */
export class Reconciler {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #createId: (prefix: string) => string;

  constructor({ database, clock, createId }: ReconcilerDeps) {
    this.#database = database;
    this.#clock = clock;
    this.#createId = createId;
  }

  /** Imports a file; the same file for the same host is imported once. Throws a BillError when it cannot be read. */
  async import(file: BillFile): Promise<ImportedBill> {
    const bill = readBill(file.text, file);
    const sha256 = createHash('sha256').update(file.text).digest('hex');
    const id = this.#createId('rec');
    const days = bill.cells.map(({ day }) => day);
    const isNew = await this.#database.db.transaction().execute(async (trx) => {
      const inserted = await trx
        .insertInto('reconciliation_import')
        .values({
          id,
          host: bill.host,
          format: bill.format,
          name: file.name,
          sha256,
          rows: bill.rows,
          problems: JSON.stringify(bill.problems),
          unknown_columns: JSON.stringify(bill.unknownColumns),
          first_day: days.length === 0 ? null : days.reduce((one, other) => Math.min(one, other)),
          last_day: days.length === 0 ? null : days.reduce((one, other) => Math.max(one, other)),
          imported_at_ms: BigInt(this.#clock.nowMs()),
        })
        .onConflict((conflict) => conflict.columns(['host', 'sha256']).doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!inserted) return false;
      const rows = bill.cells.map((cell) => ({
        import_id: id,
        host: bill.host,
        day: cell.day,
        model: cell.model,
        key_name: cell.key,
        bucket: cell.bucket,
        units: cell.units,
        amount_nanos: cell.amountNanos,
      }));
      for (let start = 0; start < rows.length; start += insertedAtOnce) {
        await trx
          .insertInto('reconciliation_bill')
          .values(rows.slice(start, start + insertedAtOnce))
          .execute();
      }
      return true;
    });
    const imported = await this.#find({ host: bill.host, sha256 });
    if (!imported) throw new LedgerError('conflict', `the import of ${file.name} was removed meanwhile`);
    return { ...imported, isRepeated: !isNew };
  }

  /** Imports, newest first. */
  async list(filter: {
    readonly host?: string | undefined;
    readonly limit: number;
    /** Only those imported before this one. */
    readonly beforeId?: string | undefined;
  }): Promise<readonly ImportedBill[]> {
    const { db } = this.#database;
    let query = db.selectFrom('reconciliation_import').selectAll().orderBy('id', 'desc').limit(filter.limit);
    if (filter.host !== undefined) query = query.where('host', '=', filter.host);
    if (filter.beforeId !== undefined) query = query.where('id', '<', filter.beforeId);
    return (await query.execute()).map(toImported);
  }

  /** An import by its id. */
  find(id: string): Promise<ImportedBill | undefined> {
    return this.#find({ id });
  }

  /** Compares an imported bill with what was metered. */
  async compare(importId: string, settings: CompareSettings = {}): Promise<ReconciliationReport> {
    const imported = await this.#find({ id: importId });
    if (!imported) throw new LedgerError('invalid', `there is no import ${importId}`);
    const { host, firstDay, lastDay } = imported;
    if (firstDay === null || lastDay === null) return compareBill({ host, cells: [] }, [], settings);
    const range = settings.range ?? { firstDay, lastDay };
    const ours = await this.#readHours(host, range);
    return compareBill({ host, cells: await this.#readCells(importId, range) }, ours, { ...settings, range });
  }

  /** Compares, and posts what the bill has beyond our figures to `recon_variance`. Posting again posts nothing. */
  async post(importId: string, settings: CompareSettings = {}): Promise<PostedVariance> {
    const report = await this.compare(importId, settings);
    const { host, varianceNanos } = report;
    const operationKey = `reconciliation/${importId}`;
    const known = await this.#database.db
      .selectFrom('reconciliation_variance')
      .select('variance_nanos')
      .where('operation_key', '=', operationKey)
      .executeTakeFirst();
    if (known) return { report, varianceNanos: known.variance_nanos, operationKey };
    if (varianceNanos === 0n) return { report, varianceNanos, operationKey: undefined };
    await this.#refuseOverlap(report);
    const nowMs = this.#clock.nowMs();
    await this.#database.db.transaction().execute(async (trx) => {
      await postTransaction(trx, {
        kind: 'reconciliation',
        operationKey,
        sourceRef: operationKey,
        bookedAtMs: nowMs,
        host,
        entries: [
          { ...ownAccount('recon_variance'), amountNanos: varianceNanos },
          { ...hostAccount('vendor_payable', host), amountNanos: -varianceNanos },
        ],
      });
      await trx
        .insertInto('reconciliation_variance')
        .values({
          id: this.#createId('var'),
          import_id: importId,
          host,
          first_day: report.firstDay,
          last_day: report.lastDay,
          ours_nanos: report.oursNanos,
          theirs_nanos: report.theirsNanos,
          variance_nanos: varianceNanos,
          report: canonicalJson({ classes: report.classes, shifts: report.shifts }),
          operation_key: operationKey,
          posted_at_ms: BigInt(nowMs),
        })
        .execute();
    });
    return { report, varianceNanos, operationKey };
  }

  /** Two files about the same days would post their difference twice. */
  async #refuseOverlap({ host, firstDay, lastDay }: ReconciliationReport): Promise<void> {
    const other = await this.#database.db
      .selectFrom('reconciliation_variance')
      .select('import_id')
      .where('host', '=', host)
      .where('first_day', '<=', lastDay)
      .where('last_day', '>=', firstDay)
      .executeTakeFirst();
    if (other)
      throw new LedgerError('conflict', `import ${other.import_id} has posted a variance for some of these days`);
  }

  async #find(
    by: { readonly id: string } | { readonly host: string; readonly sha256: string },
  ): Promise<ImportedBill | undefined> {
    const { db } = this.#database;
    const row = await db
      .selectFrom('reconciliation_import')
      .selectAll()
      .where((where) => where.and(by))
      .executeTakeFirst();
    return row && toImported(row);
  }

  async #readCells(importId: string, range: DayRange): Promise<BillCell[]> {
    const rows = await this.#database.db
      .selectFrom('reconciliation_bill')
      .selectAll()
      .where('import_id', '=', importId)
      .where('day', '>=', range.firstDay)
      .where('day', '<=', range.lastDay)
      .execute();
    return rows.map((row) => ({
      day: row.day,
      model: row.model,
      key: row.key_name,
      bucket: row.bucket as BillCell['bucket'],
      units: row.units,
      amountNanos: row.amount_nanos,
    }));
  }

  /** What we metered at a host, and a day more on both sides for bills of other time zones. */
  async #readHours(host: string, range: DayRange): Promise<OurHour[]> {
    const sums = usageBuckets.map(
      (bucket) => sql`sum(${sql.ref(unitColumns[bucket])}) AS ${sql.ref(unitColumns[bucket])}`,
    );
    const { rows } = await sql<{ hour_ms: bigint; upstream_model: string; key_name: string } & Record<string, bigint>>`
      SELECT hour_ms, upstream_model, key_name, sum(cost_nanos) AS cost_nanos,
        sum(estimated_cost_nanos) AS estimated_cost_nanos, ${sql.join(sums)}
      FROM host_usage_hour
      WHERE host = ${host} AND hour_ms >= ${(range.firstDay - 1) * dayMs} AND hour_ms < ${(range.lastDay + 2) * dayMs}
      GROUP BY hour_ms, upstream_model, key_name ORDER BY hour_ms`.execute(this.#database.db);
    return rows.map((row) => ({
      hourMs: Number(row.hour_ms),
      model: row.upstream_model,
      key: row.key_name,
      units: Object.fromEntries(usageBuckets.map((bucket) => [bucket, row[unitColumns[bucket]] ?? 0n])),
      costNanos: row.cost_nanos ?? 0n,
      estimatedNanos: row.estimated_cost_nanos ?? 0n,
    }));
  }
}

interface ImportRow {
  readonly id: string;
  readonly host: string;
  readonly format: string;
  readonly name: string;
  readonly rows: number;
  readonly problems: unknown;
  readonly unknown_columns: unknown;
  readonly first_day: number | null;
  readonly last_day: number | null;
  readonly imported_at_ms: bigint;
}

function toImported(row: ImportRow): ImportedBill {
  return {
    id: row.id,
    host: row.host,
    format: row.format,
    name: row.name,
    rows: row.rows,
    problems: row.problems as Bill['problems'],
    unknownColumns: row.unknown_columns as Bill['unknownColumns'],
    firstDay: row.first_day,
    lastDay: row.last_day,
    importedAtMs: Number(row.imported_at_ms),
    isRepeated: false,
  };
}
