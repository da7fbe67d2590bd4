import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { chargeOutcome } from './outcome-charges.ts';
import { InvoiceFixture } from './testing/invoice-fixture.ts';

const atMs = Date.UTC(2026, 2, 5);
let opened: TestDatabase;
let fixture: InvoiceFixture;

beforeEach(async () => {
  opened = await openTestDatabase();
  fixture = new InvoiceFixture(opened.database);
  await fixture.addCustomer('acme');
  await fixture.subscribe(
    'acme',
    { outcomePrices: [{ kind: 'resolved', atLeast: 0.5, price: '0.99' }] },
    { fromMs: 0 },
  );
  await opened.database.db
    .insertInto('exchange_recent')
    .values({
      day_ms: BigInt(atMs),
      request_id: 'req_1',
      gateway_id: 'g',
      segment: 1n,
      byte_offset: 1n,
      started_at_ms: BigInt(atMs),
      ended_at_ms: BigInt(atMs),
      customer: 'acme',
      key_name: 'k',
      job: 'support',
      model: 'm',
      host: 'h',
      upstream_model: 'm',
      end_user: '',
      feature: '',
      project: '',
      status: 'completed',
      http_status: 200,
      fault: '',
      cache: 'miss',
      attempts: 1,
      input_units: 1n,
      output_units: 1n,
      cost_nanos: 5n,
      charge_nanos: 0n,
      saved_nanos: 0n,
      absorbed_nanos: 0n,
      is_estimated: false,
      plan_version: 'p',
      first_byte_ms: null,
      total_ms: 1,
      digest: 0n,
      attempt_digests: [],
    })
    .execute();
});

afterEach(async () => {
  await opened.close();
});

const outcome = (change: Partial<OutcomeFact> = {}): OutcomeFact => ({
  type: 'outcome',
  requestId: 'req_1',
  atMs,
  kind: 'resolved',
  value: 1,
  source: 'crm',
  ...change,
});

const charge = (fact: OutcomeFact): Promise<bigint | undefined> =>
  opened.database.db.transaction().execute((trx) => chargeOutcome(trx, fact));

test('an outcome is charged once, and stands on the invoice of its month', async () => {
  expect(await charge(outcome())).toBe(990_000_000n);
  expect(await charge(outcome())).toBeUndefined();
  const { lines } = await fixture.bill('acme', 3);
  expect(lines).toMatchObject([{ kind: 'outcomes', units: 1n, amountNanos: 990_000_000n }]);
  expect(await fixture.balance('revenue')).toBe(-990_000_000n);
  expect(await fixture.balance('accrued', 'acme')).toBe(0n);
});

test('an outcome that is worth too little, of another kind or of an unknown exchange is not charged', async () => {
  expect(await charge(outcome({ value: 0.4 }))).toBeUndefined();
  expect(await charge(outcome({ kind: 'opened' }))).toBeUndefined();
  expect(await charge(outcome({ requestId: 'req_2' }))).toBeUndefined();
});
