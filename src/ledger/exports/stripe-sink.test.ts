import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { meterEventId, meterMessages } from './meter-events.ts';
import { enqueue } from './outbox.ts';
import { Outbox } from './outbox-delivery.ts';
import { openStripe, StripeSink } from './stripe-sink.ts';
import { FakeStripe } from './testing/fake-stripe.ts';

const hour = 3_600_000;
let opened: TestDatabase;
let stripe: FakeStripe;
let outbox: Outbox;
let sink: StripeSink;
let nowMs = 0;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 2, 1, 12);
  opened = await openTestDatabase();
  stripe = new FakeStripe(() => nowMs);
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const client = await openStripe({ secretKey: 'sk_test_x', host: await stripe.start() });
  outbox = new Outbox({ database: opened.database, clock });
  const customerOf = (customer: string) => (customer === 'acme' ? 'cus_1' : undefined);
  sink = new StripeSink({ name: 'stripe', client, customerOf });
});

afterEach(async () => {
  await stripe.stop();
  await opened.close();
});

async function meter(requestId: string, customer = 'acme'): Promise<void> {
  const units = { input: 10, cacheRead: 90, output: 5, audioIn: 0 };
  const chargeNanos = { input: 25_000_000n, cacheRead: 90_000_000n, output: 49_000_000n };
  const use = {
    requestId,
    attempt: 1,
    customer,
    endedAtMs: nowMs,
    model: 'model-2026-01-31-latest',
    units,
    chargeNanos,
  };
  for (const message of meterMessages('stripe', use, (bucket) => `units_${bucket}`)) {
    await enqueue(opened.database.db, message);
  }
}

test('each bucket is an event with its own identifier, and nothing of the model is stripped', async () => {
  await meter('req_1');
  await meter('req_1');
  expect(await outbox.deliver(sink)).toEqual({ sent: 3, superseded: 0, refused: 0, retried: 0 });
  const values = stripe.accepted.map(({ fields }) => [fields.get('event_name'), fields.get('payload[value]')]);
  expect(values.toSorted()).toEqual([
    ['units_cacheRead', '90'],
    ['units_input', '10'],
    ['units_output', '5'],
  ]);
  expect(stripe.accepted[0]?.fields.get('payload[model]')).toBe('model-2026-01-31-latest');
  expect(stripe.identifiers.has(meterEventId('req_1', 1, 'meter/input'))).toBe(true);
  expect(await outbox.deliver(sink)).toEqual({ sent: 0, superseded: 0, refused: 0, retried: 0 });
});

test('an answer that was lost does not meter twice', async () => {
  await meter('req_1');
  stripe.script.push('lost', 'down');
  expect((await outbox.deliver(sink)).retried).toBe(1);
  for (let round = 0; round < 5; round++) {
    nowMs += hour;
    await outbox.deliver(sink);
  }
  expect(await outbox.states('stripe')).toEqual({ sent: 3n });
  expect(stripe.accepted).toHaveLength(3);
});

test('[money 72] after 25 hours of silence late use is one amount, priced and not resent, and identifiers are unique', async () => {
  await meter('req_1');
  const silent = await unreachable();
  for (let round = 0; round < 25; round++) {
    expect(await outbox.deliver(silent)).toMatchObject({ sent: 0, retried: 1 });
    nowMs += hour;
  }
  await meter('req_2');
  for (let round = 0; round < 3; round++) {
    await outbox.deliver(sink);
    nowMs += hour;
  }
  expect(await outbox.states('stripe')).toEqual({ sent: 4n, superseded: 3n });
  const paths = stripe.accepted.map(({ path }) => path);
  expect(paths.filter((path) => path === '/v1/billing/meter_events')).toHaveLength(3);
  const items = stripe.accepted.filter(({ path }) => path === '/v1/invoiceitems');
  // 164,000,000 nano-USD: 16 cents, and the rest waits for the customer's next amount.
  expect(items.map(({ fields }) => [fields.get('customer'), fields.get('amount')])).toEqual([['cus_1', '16']]);
  expect(items[0]?.fields.get('description')).toContain('90 of units_cacheRead');
  const carried = await opened.database.db.selectFrom('export_carry').selectAll().execute();
  expect(carried).toEqual([{ sink: 'stripe', customer: 'acme', carry_nanos: 4_000_000n }]);
  const keys = stripe.accepted.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test('late use of which a delivery may have arrived is left to a person, and never billed a second time', async () => {
  await meter('req_1');
  stripe.script.push('lost', 'down');
  const silent = await unreachable();
  for (let round = 0; round < 25; round++) {
    expect(await outbox.deliver(round === 0 ? sink : silent)).toMatchObject({ sent: 0, retried: 1 });
    nowMs += hour;
  }
  await outbox.deliver(sink);
  expect(await outbox.states('stripe')).toEqual({ failed: 1n, superseded: 2n, sent: 1n });
  const failed = await opened.database.db.selectFrom('outbox').selectAll().where('state', '=', 'failed').execute();
  expect(failed[0]?.last_error).toContain('may have arrived');
  // The one that arrived is in no amount: of 164,000,000 nano-USD only what the two others were charged is billed.
  const { chargeNanos } = { chargeNanos: '', ...(failed[0]?.payload as object) };
  const items = stripe.accepted.filter(({ path }) => path === '/v1/invoiceitems');
  const [carried] = await opened.database.db.selectFrom('export_carry').selectAll().execute();
  const billedNanos = BigInt(items[0]?.fields.get('amount') ?? '0') * 10_000_000n + (carried?.carry_nanos ?? 0n);
  expect(billedNanos).toBe(164_000_000n - BigInt(chargeNanos));
});

test('late use whose deliverer was killed is left to a person: it may have arrived', async () => {
  await meter('req_1');
  await meter('req_2');
  void outbox.deliver({ name: 'stripe', deliver: () => new Promise<never>(() => undefined) });
  await expect.poll(() => claimed(opened)).toBe(1);
  nowMs += 25 * hour;
  expect(await outbox.deliver(sink)).toMatchObject({ superseded: 5, refused: 1 });
});

test('[money 70] another content under the same id is a conflict; the first stays', async () => {
  const message = {
    sink: 'stripe',
    eventId: 'e',
    kind: 'invoice_item',
    occurredAtMs: nowMs,
    payload: { customer: 'acme', amountNanos: '7040000000', description: 'March' },
  };
  await enqueue(opened.database.db, message);
  await expect(
    enqueue(opened.database.db, { ...message, payload: { ...message.payload, amountNanos: '1' } }),
  ).rejects.toThrow('another message');
  await outbox.deliver(sink);
  expect(stripe.accepted[0]?.fields.get('amount')).toBe('704');
});

test('an invoice item whose answer was lost is found again after its idempotency key has expired', async () => {
  await invoiceItem('first');
  stripe.script.push('lost', 'down');
  const silent = await unreachable();
  expect(await outbox.deliver(sink)).toMatchObject({ sent: 0, retried: 1 });
  nowMs += 30 * hour;
  expect(await outbox.deliver(silent)).toMatchObject({ sent: 0, retried: 1 });
  // More than a page of others has come since.
  stripe.addForeignItems('cus_1', 120);
  nowMs += hour;
  expect(await outbox.deliver(sink)).toMatchObject({ sent: 1, retried: 0 });
  expect(stripe.accepted).toHaveLength(1);
});

test('an invoice item that never arrived is sent after a day, once', async () => {
  await invoiceItem('first');
  stripe.script.push('down', 'down');
  expect(await outbox.deliver(sink)).toMatchObject({ sent: 0, retried: 1 });
  nowMs += 30 * hour;
  expect(await outbox.deliver(sink)).toMatchObject({ sent: 1 });
  expect(stripe.accepted).toHaveLength(1);
});

test('a customer that Stripe does not know is refused with the reason, and stops no one else', async () => {
  await meter('req_1', 'stranger');
  await meter('req_2');
  expect(await outbox.deliver(sink)).toEqual({ sent: 3, superseded: 0, refused: 3, retried: 0 });
});

test('late use whose charge is unknown is refused for a person to price, and never told as nothing', async () => {
  const use = { requestId: 'req_1', attempt: 1, customer: 'acme', endedAtMs: nowMs, model: 'm', units: { input: 5 } };
  for (const message of meterMessages('stripe', use, () => 'units')) await enqueue(opened.database.db, message);
  nowMs += 25 * hour;
  expect(await outbox.deliver(sink)).toMatchObject({ sent: 0, superseded: 0 });
  expect(await outbox.states('stripe')).toEqual({ failed: 1n });
  expect(stripe.accepted).toEqual([]);
});

test('a backlog goes out side by side, but never two at once of one customer', async () => {
  for (let request = 0; request < 40; request++) await meter(`req_${request}`, request % 2 === 0 ? 'acme' : 'bolt');
  const both = new StripeSink({
    name: 'stripe',
    client: await openStripe({ secretKey: 'sk_test_x', host: stripe.host }),
    customerOf: (customer) => `cus_${customer}`,
  });
  stripe.answerAfterMs = 5;
  expect(await outbox.deliver(both)).toMatchObject({ sent: 120 });
  expect(stripe.mostAtOnce.of('cus_acme')).toBe(1);
  expect(stripe.mostAtOnce.of('cus_bolt')).toBe(1);
  expect(stripe.mostAtOnce.ofAll).toBe(2);
});

test('what another gateway is delivering is left alone until its claim is over', async () => {
  await meter('req_1');
  stripe.isDown = true;
  const held = { name: 'stripe', deliver: () => new Promise<never>(() => undefined) };
  void outbox.deliver(held);
  await expect.poll(() => claimed(opened)).toBe(1);
  stripe.isDown = false;
  expect((await outbox.deliver(sink)).sent).toBe(2);
  nowMs += 61_000;
  expect((await outbox.deliver(sink)).sent).toBe(1);
});

async function invoiceItem(eventId: string): Promise<void> {
  const payload = { customer: 'acme', amountMinor: '704', currency: 'USD', description: eventId };
  const message = { sink: 'stripe', eventId, kind: 'invoice_item', occurredAtMs: nowMs, payload };
  await enqueue(opened.database.db, message);
}

/** The same sink where nothing listens. */
async function unreachable(): Promise<StripeSink> {
  const closed = new FakeStripe(() => nowMs);
  const host = await closed.start();
  await closed.stop();
  const client = await openStripe({ secretKey: 'sk_test_x', host });
  return new StripeSink({ name: 'stripe', client, customerOf: () => 'cus_1' });
}

async function claimed({ database }: TestDatabase): Promise<number> {
  const rows = await database.db.selectFrom('outbox').select('claimed_until_ms').execute();
  return rows.filter((row) => row.claimed_until_ms > 0n).length;
}
