import { sql } from 'kysely';
import { localDayAt } from '../../domain/money/periods.ts';
import { usageBuckets } from '../../domain/rating/usage.ts';
import type { Database } from '../../storage/index.ts';
import { readDocument } from '../invoices/invoice-document.ts';
import { LedgerError } from '../ledger-error.ts';
import { unitColumns } from '../projector/sums/use-sum.ts';
import { focusCsv, type FocusInput, type UseDetail } from './focus-rows.ts';

/** Reads what the rows of a finalised invoice or credit note are written from. */
async function readFocusInput(database: Database, invoiceId: string): Promise<FocusInput> {
  const row = await database.db
    .selectFrom('invoice')
    .select(['document', 'customer', 'start_ms', 'end_ms', 'time_zone', 'kind'])
    .where('id', '=', invoiceId)
    .executeTakeFirst();
  if (!row?.document) throw new LedgerError('invalid', `there is no finalised invoice ${invoiceId}`);
  const document = readDocument(row.document);
  if (row.kind === 'credit_note') return { document, details: [] };
  const sums = usageBuckets.map(
    (bucket) => sql`sum(${sql.ref(unitColumns[bucket])}) AS ${sql.ref(unitColumns[bucket])}`,
  );
  const { rows } = await sql<{ slot_ms: bigint; host: string; model: string; job: string } & Record<string, bigint>>`
    SELECT slot_ms, host, model, job, sum(charge_nanos) AS charge_nanos, sum(estimated) AS estimated, ${sql.join(sums)}
    FROM usage_slot WHERE customer = ${row.customer} AND slot_ms >= ${row.start_ms} AND slot_ms < ${row.end_ms}
    GROUP BY slot_ms, host, model, job ORDER BY slot_ms, host, model, job`.execute(database.db);
  const details = new Map<string, UseDetail>();
  for (const slot of rows) addSlot(details, slot, localDayAt(Number(slot.slot_ms), row.time_zone));
  return { document, details: [...details.values()] };
}

/** The FOCUS 1.2 file of some invoices. */
export async function exportFocus(database: Database, invoiceIds: readonly string[]): Promise<string> {
  const inputs: FocusInput[] = [];
  for (const id of invoiceIds) inputs.push(await readFocusInput(database, id));
  return [...focusCsv(inputs)].join('');
}

function addSlot(
  details: Map<string, UseDetail>,
  slot: { readonly host: string; readonly model: string; readonly job: string } & Record<string, bigint | string>,
  day: number,
): void {
  const { host, model, job } = slot;
  const place = JSON.stringify([day, host, model, job]);
  const known = details.get(place);
  const countOf = (column: string): bigint => BigInt(slot[column] ?? 0n);
  details.set(place, {
    day,
    host,
    model,
    job,
    chargeNanos: (known?.chargeNanos ?? 0n) + countOf('charge_nanos'),
    isEstimated: known?.isEstimated === true || countOf('estimated') > 0n,
    units: Object.fromEntries(
      usageBuckets.map((bucket) => [bucket, (known?.units[bucket] ?? 0n) + countOf(unitColumns[bucket])]),
    ),
  });
}
