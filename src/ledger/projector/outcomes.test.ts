import { expect, it } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { openTestDatabase } from '../../storage/testing/open-test-database.ts';
import { InvoiceFixture } from '../invoices/testing/invoice-fixture.ts';
import { projectOutcome } from '../outcomes/record-outcome.ts';
import { closedAfterTest, projectAll, quietPorts, temporaryFolder, writeJournal } from '../testing/ledger-harness.ts';

const atMs = Date.UTC(2026, 2, 5);
const requestId = 'req_1';
const shared = { requestId, atMs, key: 'k', customer: 'acme', model: 'm' };
const facts: readonly Fact[] = [
  { ...shared, type: 'open', dialect: 'openai-chat', operation: 'generate', stream: false, inputEstimateTokens: 1 },
  {
    ...shared,
    type: 'final',
    status: 'completed',
    httpStatus: 200,
    attempts: 0,
    costNanos: '0',
    chargeNanos: '0',
    cache: 'bypass',
    totalMs: 1,
  },
  { type: 'outcome', requestId, atMs, kind: 'resolved', value: 1, source: 'crm' },
  { type: 'outcome', requestId, atMs, kind: 'resolved', value: 1, source: 'crm' },
  {
    type: 'outcome',
    requestId,
    atMs,
    kind: 'resolved',
    source: 'crm',
    outcomeId: 'out_2',
    retracts: 'out_1',
    idempotencyKey: 'a',
  },
  {
    type: 'outcome',
    requestId,
    atMs,
    kind: 'resolved',
    value: 1,
    source: 'eval',
    outcomeId: 'out_3',
    runId: 'evr_1',
    idempotencyKey: 'b',
  },
  { type: 'outcome', requestId: 'req_unknown', atMs, kind: 'resolved', value: 1, source: 'crm' },
];

it('an outcome in the journal is charged with the batch that brings it, once, however often it is projected', async () => {
  const { database } = await closedAfterTest(openTestDatabase());
  const fixture = new InvoiceFixture(database);
  await fixture.addCustomer('acme');
  await fixture.subscribe('acme', { outcomePrices: [{ kind: 'resolved', price: '0.99' }] }, { fromMs: 0 });
  const directory = temporaryFolder();
  await writeJournal(directory, facts);
  const { ports } = quietPorts({ applyOutcome: projectOutcome });
  await projectAll(database.db, directory, { ports, maxBytes: 1 });
  await database.db.updateTable('watermark').set({ segment: 0n, byte_offset: 0n }).execute();
  await projectAll(database.db, directory, { ports });
  const charged = await database.db.selectFrom('outcome_charge').select(['customer', 'charge_nanos']).execute();
  expect(charged).toEqual([{ customer: 'acme', charge_nanos: 990_000_000n }]);
  // Told twice it is one row; what it is charged for is told once, and neither a retraction nor an evaluation.
  const rows = await database.db.selectFrom('outcome').select(['request_id', 'retracts', 'run_id']).execute();
  expect(rows).toHaveLength(4);
  expect(rows).toContainEqual({ request_id: requestId, retracts: 'out_1', run_id: null });
  expect(await fixture.balance('revenue')).toBe(-990_000_000n);
});
