import { sql } from 'kysely';
import type { PlanTerms } from '../../../domain/charges/plan-terms.ts';
import { createIdSource } from '../../../platform/ids.ts';
import type { Database } from '../../../storage/index.ts';
import { customerAccount, ownAccount } from '../../books/accounts.ts';
import { type NewEntry, postTransaction } from '../../books/post-transaction.ts';
import { useColumns } from '../../projector/sums/use-sum.ts';
import { InvoiceBook } from '../invoice-book.ts';

/** Use that a test books: a row of the rollups, and the transaction that goes with it. */
export interface BookedUse {
  readonly customer: string;
  readonly atMs: number;
  readonly chargeNanos: bigint;
  readonly model?: string;
  readonly job?: string;
  readonly host?: string;
  readonly costNanos?: bigint;
  readonly columns?: { readonly [column: string]: bigint };
  /** Part of the charge that a wallet paid. */
  readonly fromCreditNanos?: bigint;
}

/** A database with customers, plans and use, and a clock that tests move. */
export class InvoiceFixture {
  readonly database: Database;
  readonly book: InvoiceBook;
  nowMs = Date.UTC(2026, 3, 2);
  #operations = 0;

  constructor(database: Database) {
    this.database = database;
    const clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
    let seed = 1;
    const random = { uint32: () => (seed = (seed * 1_103_515_245 + 12_345) >>> 0), unit: () => 0.5 };
    this.book = new InvoiceBook({ database, clock, createId: createIdSource(clock, random) });
  }

  async addCustomer(id: string, settings: { timeZone?: string; currency?: string } = {}): Promise<void> {
    await this.database.db
      .insertInto('customer')
      .values({
        id,
        display_name: id.toUpperCase(),
        status: 'active',
        time_zone: settings.timeZone ?? null,
        currency: settings.currency ?? null,
        models: null,
        billing: null,
        source: 'api',
        created_at_ms: 0n,
        updated_at_ms: 0n,
      })
      .execute();
  }

  async subscribe(
    customer: string,
    terms: PlanTerms,
    span: { fromMs: number; untilMs?: number; seats?: number; plan?: string },
  ): Promise<string> {
    const plan = span.plan ?? `${customer}-plan`;
    const versionId = `${plan}@1`;
    const { db } = this.database;
    await db
      .insertInto('plan')
      .values({ id: plan, display_name: plan, status: 'active', created_at_ms: 0n, updated_at_ms: 0n })
      .execute();
    await db
      .insertInto('plan_version')
      .values({ id: versionId, plan_id: plan, version: 1, terms: JSON.stringify(terms), created_at_ms: 0n })
      .execute();
    await db
      .insertInto('subscription')
      .values({
        id: `${customer}/${plan}`,
        customer_id: customer,
        plan_version_id: versionId,
        seats: span.seats ?? 1,
        valid_from_ms: BigInt(span.fromMs),
        valid_to_ms: span.untilMs === undefined ? null : BigInt(span.untilMs),
        created_at_ms: 0n,
      })
      .execute();
    return versionId;
  }

  /** Books use as the projector does: into the rollups and into the ledger, in one transaction. */
  async use(use: BookedUse): Promise<void> {
    const slotMs = Math.floor(use.atMs / 900_000) * 900_000;
    const sums = new Map<string, bigint>(useColumns.map((column) => [column, 0n]));
    sums
      .set('requests', 1n)
      .set('charge_nanos', use.chargeNanos)
      .set('cost_nanos', use.costNanos ?? use.chargeNanos);
    for (const [column, value] of Object.entries(use.columns ?? {})) sums.set(column, value);
    const names = [...sums.keys()].map((column) => sql.ref(column));
    const added = [...sums.keys()].map(
      (column) => sql`${sql.ref(column)} = usage_slot.${sql.ref(column)} + excluded.${sql.ref(column)}`,
    );
    await this.database.db.transaction().execute(async (trx) => {
      await sql`INSERT INTO usage_slot (customer, slot_ms, key_name, job, model, host, feature, project, ${sql.join(names)})
        VALUES (${use.customer}, ${slotMs}, 'key', ${use.job ?? ''}, ${use.model ?? 'model'}, ${use.host ?? 'host'}, '', '',
          ${sql.join([...sums.values()])})
        ON CONFLICT (customer, slot_ms, key_name, job, model, host, feature, project)
        DO UPDATE SET ${sql.join(added)}`.execute(trx);
      const paid = use.fromCreditNanos ?? 0n;
      const entries: NewEntry[] = [
        { ...customerAccount('prepaid', use.customer), amountNanos: paid },
        { ...customerAccount('accrued', use.customer), amountNanos: use.chargeNanos - paid },
        { ...ownAccount('revenue'), amountNanos: -use.chargeNanos },
      ];
      const booked = entries.filter(({ amountNanos }) => amountNanos !== 0n);
      if (booked.length === 0) return;
      this.#operations += 1;
      await postTransaction(trx, {
        kind: 'usage',
        operationKey: `usage/${this.#operations}`,
        sourceRef: `gw/1:${this.#operations}..1:${this.#operations + 1}`,
        bookedAtMs: use.atMs,
        customer: use.customer,
        host: use.host ?? 'host',
        entries: booked,
      });
    });
  }

  /** Balance of an account, debits positive. */
  async balance(kind: string, owner = ''): Promise<bigint> {
    const { rows } = await sql<{ balance: bigint | null }>`
      SELECT sum(entry.amount_nanos) AS balance FROM ledger_entry entry
      JOIN ledger_account account ON account.id = entry.account_id
      WHERE account.kind = ${kind} AND account.owner = ${owner}`.execute(this.database.db);
    return rows[0]?.balance ?? 0n;
  }

  /** Drafts and finalises a month. */
  async bill(customer: string, month: number, settings = {}): Promise<Awaited<ReturnType<InvoiceBook['finalise']>>> {
    const draft = await this.book.draft({ customer, year: 2026, month, settings });
    return this.book.finalise(draft.row.id);
  }
}
