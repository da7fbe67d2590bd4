import { sql } from 'kysely';
import type { ControlHarness } from '../../../src/http/control/testing/control-harness.ts';
import type { TestDatabase } from '../../../src/storage/testing/open-test-database.ts';
import { markOf, type WorldCustomer, type WorldIds } from './control-customers.ts';

const dayMs = 86_400_000;

/** Plants what a customer used, owes and was billed; gives the ids that routes take. */
export async function plantMoney(
  { opened, api }: { readonly opened: TestDatabase; readonly api: ControlHarness },
  customer: WorldCustomer,
): Promise<WorldIds> {
  const { db } = opened.database;
  const mark = markOf(customer);
  const dimensions = {
    customer,
    key_name: `${mark}-key`,
    job: mark,
    model: mark,
    host: mark,
    feature: mark,
    project: mark,
  };
  const sums = { requests: 3, cost_nanos: 1500, charge_nanos: 1800 };
  await plantRow(db, 'usage_slot', { slot_ms: 20_000 * dayMs, ...dimensions, ...sums });
  await plantRow(db, 'usage_day', { day_ms: 20_000 * dayMs, ...dimensions, ...sums });
  await plantRow(db, 'end_user_day', { day_ms: 20_000 * dayMs, customer, end_user: mark, job: mark, ...sums });
  await plantRow(db, 'exchange_recent', {
    ...dimensions,
    request_id: `req_${(customer === 'acme' ? 'a' : 'b').repeat(32)}`,
    gateway_id: 'gw1',
    day_ms: 20_000 * dayMs,
    started_at_ms: 20_000 * dayMs,
    status: 'completed',
    cost_nanos: 1500,
    charge_nanos: 1800,
  });
  const drafted = await api.call('POST', '/invoices', { body: { customer, year: 2026, month: 9 } });
  if (drafted.status !== 201) throw new Error(drafted.text);
  const invoiceId = String(drafted.body['id']);
  const finalised = await api.call('POST', `/invoices/${invoiceId}/finalise`, { body: {} });
  if (finalised.status !== 200) throw new Error(finalised.text);
  const imported = await api.call('POST', '/reconciliation/imports', { body: billOf(mark) });
  if (imported.status !== 201) throw new Error(imported.text);
  const gatewayId = `${mark}-gateway`;
  await plantRow(db, 'gateway', { gateway_id: gatewayId, epoch: 1, status: 'stopped' });
  return {
    quarantineId: await plantQuarantined(db, { gatewayId, mark }),
    invoiceId,
    importId: String(imported.body['id']),
    gatewayId,
    alertId: `alert_${(customer === 'acme' ? 'a' : 'b').repeat(20)}`,
  };
}

/** A fact that is set apart; its id is given by the database. */
async function plantQuarantined(
  db: TestDatabase['database']['db'],
  { gatewayId, mark }: { readonly gatewayId: string; readonly mark: string },
): Promise<string> {
  const { id } = await db
    .insertInto('quarantine')
    .values({
      gateway_id: gatewayId,
      segment: 1n,
      byte_offset: 0n,
      reason: 'rating_difference',
      detail: mark,
      request_id: `req_${mark}`,
      fact_type: 'attempt',
      body: Buffer.from(JSON.stringify({ type: 'attempt', requestId: `req_${mark}`, attempt: 1 })),
      cost_nanos: 1n,
      charge_nanos: 0n,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id.toString();
}

/** Plants a row; columns that are not given are 0, empty or false, as their type wants. */
export async function plantRow(
  db: TestDatabase['database']['db'],
  table: string,
  given: { readonly [column: string]: string | number },
): Promise<void> {
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT column_name AS name, data_type AS type FROM information_schema.columns
    WHERE table_name = ${table} AND is_nullable = 'NO' AND table_schema = 'public'`.execute(db);
  const empty: { readonly [type: string]: unknown } = { text: '', boolean: false, ARRAY: [] };
  const defaults = Object.fromEntries(
    rows.map(({ name, type }) => [name, Object.hasOwn(empty, type) ? empty[type] : 0]),
  );
  const row = JSON.stringify({ ...defaults, ...given });
  await sql`INSERT INTO ${sql.table(table)}
    SELECT * FROM jsonb_populate_record(NULL::${sql.table(table)}, ${row}::jsonb)`.execute(db);
}

/** What a host billed for one day, with the customer's mark as the model. */
function billOf(mark: string): object {
  const content = `date,model_permaslug,usage,prompt_tokens,completion_tokens\n2026-09-01,${mark},1.5,10,20\n`;
  return { name: `${mark}.csv`, content };
}
