import { sql } from 'kysely';
import type { Executor } from '../../books/post-transaction.ts';
import { PendingExchange } from './pending-exchange.ts';

/** Exchanges of a gateway that were read in part when the last batch ended. */
export async function loadOpenExchanges(executor: Executor, gatewayId: string): Promise<PendingExchange[]> {
  const rows = await executor
    .selectFrom('open_exchange')
    .select(['request_id', 'facts'])
    .where('gateway_id', '=', gatewayId)
    .orderBy('request_id')
    .execute();
  return rows.map(({ request_id: id, facts }) => PendingExchange.fromJson(id, facts));
}

/** Stores what a batch left pending and removes what it settled. */
export async function saveOpenExchanges(
  executor: Executor,
  gatewayId: string,
  changes: { readonly pending: readonly PendingExchange[]; readonly settled: readonly string[] },
): Promise<void> {
  const { pending, settled } = changes;
  if (settled.length > 0) {
    await sql`
      DELETE FROM open_exchange WHERE request_id IN
        (SELECT value FROM json_array_elements_text(${JSON.stringify(settled)}::json))`.execute(executor);
  }
  if (pending.length === 0) return;
  const rows = pending.map((one) => ({ request_id: one.requestId, facts: storableJson(one.toJson()) }));
  await sql`
    INSERT INTO open_exchange (request_id, gateway_id, facts)
    SELECT request_id, ${gatewayId}, facts::jsonb
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(request_id text, facts text)
    ORDER BY request_id
    ON CONFLICT (request_id) DO UPDATE SET facts = excluded.facts`.execute(executor);
}

/** jsonb holds no zero character and no half of a surrogate pair, which JSON writes as escapes. */
export function storableJson(json: string): string {
  return json.replace(
    /\\u(?:0000|d[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2}\\u)d[c-f][0-9a-f]{2})/gi,
    '\\ufffd',
  );
}
