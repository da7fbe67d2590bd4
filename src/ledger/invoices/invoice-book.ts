import type { Kysely } from 'kysely';
import { type BillingPeriod, localDayAt, monthOf } from '../../domain/money/periods.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tables } from '../../storage/index.ts';
import { exportInvoice } from '../exports/export-invoices.ts';
import { LedgerError } from '../ledger-error.ts';
import { type ComputedInvoice, computeInvoice, readLines } from './compute-invoice.ts';
import { readDocument, writeCreditNote, writeDocument } from './invoice-document.ts';
import {
  emptyDraft,
  findForUpdate,
  findOfPeriod,
  freezeInvoice,
  type Invoice,
  type InvoiceRow,
  lockNumbers,
  periodOf,
  showInvoice,
  shownColumns,
  takenBack,
  writeLines,
} from './invoice-rows.ts';
import { type InvoiceSettingsInput, readSettings } from './invoice-settings.ts';
import { postInvoice, postPayment, reverseInvoice } from './post-invoice.ts';
import { readParties } from './read-terms.ts';

/** What the invoice book works with. */
export interface InvoiceBookDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly createId: (prefix: string) => string;
}

/** Which invoice to draft: a calendar month of the customer. */
export interface DraftRequest {
  readonly customer: string;
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly settings?: InvoiceSettingsInput | undefined;
}

/** Which invoices to list; newest first. */
export interface InvoiceFilter {
  readonly customer?: string | undefined;
  readonly status?: InvoiceRow['status'] | undefined;
  /** The id of the last one seen. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Drafts, numbers, freezes, pays and voids invoices. */
export class InvoiceBook {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #createId: (prefix: string) => string;

  constructor({ database, clock, createId }: InvoiceBookDeps) {
    this.#database = database;
    this.#clock = clock;
    this.#createId = createId;
  }

  /** Makes the draft of a month, or computes the present one again. */
  async draft(request: DraftRequest): Promise<Invoice> {
    const parties = await readParties(this.#database.db, request.customer);
    if (!parties) throw new LedgerError('invalid', `there is no customer ${request.customer}`);
    const period = monthOf(request.year, request.month, parties.customer.timeZone);
    return this.#database.db.transaction().execute(async (trx) => {
      await lockNumbers(trx, 'invoice');
      const known = await findOfPeriod(trx, request.customer, period);
      if (known && known.status !== 'draft') {
        throw new LedgerError('conflict', `${request.customer} has an invoice for this period: ${known.id}`);
      }
      const settings = request.settings ?? (known?.settings as InvoiceSettingsInput | undefined) ?? {};
      const computed = await computeInvoice(trx, {
        customer: request.customer,
        period,
        settings: readSettings(settings),
      });
      const id = known?.id ?? this.#createId('inv');
      await this.#writeDraft(trx, { id, period, settings, computed });
      return showInvoice(trx, id);
    });
  }

  /**
   * Computes a draft a last time, numbers and freezes it, and posts it. Numbers follow each other without gaps: the lock
   * on the next one is held until the transaction ends.
   */
  async finalise(id: string, options: { readonly acceptUnpriced?: boolean } = {}): Promise<Invoice> {
    return this.#database.db.transaction().execute(async (trx) => {
      const number = await lockNumbers(trx, 'invoice');
      const row = await findForUpdate(trx, id);
      if (row.status !== 'draft') throw new LedgerError('conflict', `invoice ${id} is ${row.status}, not a draft`);
      const nowMs = this.#clock.nowMs();
      if (Number(row.end_ms) > nowMs) throw new LedgerError('conflict', `the period of invoice ${id} has not ended`);
      const period = periodOf(row);
      const input = row.settings as InvoiceSettingsInput;
      const settings = readSettings(input);
      const computed = await computeInvoice(trx, { customer: row.customer, period, settings });
      if (computed.unpricedRequests > 0n && options.acceptUnpriced !== true) {
        const count = computed.unpricedRequests;
        throw new LedgerError(
          'conflict',
          `the charge of ${count} requests is unknown; accept it or wait for their prices`,
        );
      }
      await this.#writeDraft(trx, { id, period, settings: input, computed });
      const issuedDay = localDayAt(nowMs, row.time_zone);
      const dueDay = issuedDay + settings.dueDays;
      const document = writeDocument({ id, kind: 'invoice', number, period, issuedDay, dueDay, ...computed });
      await freezeInvoice(trx, { id, number, document, nowMs });
      await postInvoice(trx, { id, customer: row.customer, bookedAtMs: nowMs }, computed);
      await exportInvoice(trx, document);
      return showInvoice(trx, id);
    });
  }

  /** Records that an invoice was paid. Telling it again changes nothing. */
  async pay(id: string, reference: string): Promise<Invoice> {
    return this.#database.db.transaction().execute(async (trx) => {
      const row = await findForUpdate(trx, id);
      if (row.status === 'paid' && row.payment_reference === reference) return showInvoice(trx, id);
      if (row.kind !== 'invoice' || row.status !== 'finalised' || row.document === null) {
        throw new LedgerError('conflict', `${row.kind} ${id} is ${row.status}: only a finalised invoice is paid`);
      }
      const nowMs = this.#clock.nowMs();
      const amountNanos = BigInt(readDocument(row.document).totalUsdNanos);
      await postPayment(trx, { id, customer: row.customer, bookedAtMs: nowMs }, amountNanos);
      const paid = { status: 'paid', paid_at_ms: BigInt(nowMs), payment_reference: reference } as const;
      await trx.updateTable('invoice').set(paid).where('id', '=', id).execute();
      return showInvoice(trx, id);
    });
  }

  /** Takes a finalised invoice back by a credit note, which it returns; the period can then be billed again. */
  async void(id: string, reason: string): Promise<Invoice> {
    return this.#database.db.transaction().execute(async (trx) => {
      const number = await lockNumbers(trx, 'credit_note');
      const row = await findForUpdate(trx, id);
      if (row.kind !== 'invoice' || row.status !== 'finalised' || row.document === null) {
        throw new LedgerError('conflict', `${row.kind} ${id} is ${row.status}: only a finalised invoice is voided`);
      }
      const nowMs = this.#clock.nowMs();
      const noteId = this.#createId('crn');
      const issuedDay = localDayAt(nowMs, row.time_zone);
      const document = writeCreditNote(readDocument(row.document), { id: noteId, number, issuedDay, reason });
      await trx
        .insertInto('invoice')
        .values({
          ...emptyDraft({ id: noteId, customer: row.customer, currency: row.currency, period: periodOf(row), nowMs }),
          kind: 'credit_note',
          credits_invoice_id: id,
          settings: JSON.stringify(row.settings),
          net_nanos: -row.net_nanos,
          carry_in_nanos: -row.carry_in_nanos,
          carry_out_nanos: -row.carry_out_nanos,
          total_nanos: -row.total_nanos,
        })
        .execute();
      const lines = await readLines(trx, [id]);
      await writeLines(trx, noteId, lines.map(takenBack));
      await freezeInvoice(trx, { id: noteId, number, document, nowMs });
      await reverseInvoice(trx, { id, customer: row.customer, bookedAtMs: nowMs });
      await exportInvoice(trx, document);
      const voided = { status: 'void', voided_at_ms: BigInt(nowMs) } as const;
      await trx.updateTable('invoice').set(voided).where('id', '=', id).execute();
      return showInvoice(trx, noteId);
    });
  }

  /** Removes a draft; what has a number stays forever. */
  async discard(id: string): Promise<void> {
    await this.#database.db.transaction().execute(async (trx) => {
      const row = await findForUpdate(trx, id);
      if (row.status !== 'draft') throw new LedgerError('conflict', `invoice ${id} is ${row.status}, not a draft`);
      await trx.deleteFrom('invoice_line').where('invoice_id', '=', id).execute();
      await trx.deleteFrom('invoice').where('id', '=', id).execute();
    });
  }

  /** One invoice or credit note with its lines; undefined when there is none. */
  async find(id: string): Promise<Invoice | undefined> {
    const row = await this.#database.db.selectFrom('invoice').select('id').where('id', '=', id).executeTakeFirst();
    return row && showInvoice(this.#database.db, id);
  }

  /** Invoices and credit notes without their lines, newest first. */
  async list({ customer, status, after, limit }: InvoiceFilter): Promise<readonly Invoice['row'][]> {
    let query = this.#database.db.selectFrom('invoice').select(shownColumns).orderBy('id', 'desc').limit(limit);
    if (customer !== undefined) query = query.where('customer', '=', customer);
    if (status !== undefined) query = query.where('status', '=', status);
    if (after !== undefined) query = query.where('id', '<', after);
    return query.execute();
  }

  async #writeDraft(
    trx: Kysely<Tables>,
    draft: { id: string; period: BillingPeriod; settings: InvoiceSettingsInput; computed: ComputedInvoice },
  ): Promise<void> {
    const { id, period, computed } = draft;
    const { totals } = computed;
    const values = {
      settings: JSON.stringify(draft.settings),
      currency: totals.currency,
      net_nanos: totals.netUsdNanos,
      carry_in_nanos: totals.carryInUsdNanos,
      carry_out_nanos: totals.carryOutUsdNanos,
      total_nanos: totals.totalNanos,
    };
    const { id: customer } = computed.customer;
    await trx
      .insertInto('invoice')
      .values({
        ...emptyDraft({ id, customer, currency: totals.currency, period, nowMs: this.#clock.nowMs() }),
        ...values,
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
    await trx.deleteFrom('invoice_line').where('invoice_id', '=', id).execute();
    await writeLines(trx, id, computed.lines);
  }
}
