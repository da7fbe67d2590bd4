import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { meterEventId, meterMessages } from './meter-events.ts';
import { enqueue, Outbox } from './outbox.ts';
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
  sink = new StripeSink({ name: 'stripe', client, clock, customerOf });
});

afterEach(async () => {
  await stripe.stop();
  await opened.close();
});

async function meter(requestId: string, customer = 'acme'): Promise<void> {
  const units = { input: 10, cacheRead: 90, output: 5, audioIn: 0 };
  const use = { requestId, attempt: 1, customer, endedAtMs: nowMs, model: 'model-2026-01-31-latest', units };
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

test('[money 72] after 25 hours of silence there are adjustments, no resends, and identifiers are unique', async () => {
  await meter('req_1');
  stripe.isDown = true;
  for (let round = 0; round < 25; round++) {
    await outbox.deliver(sink);
    nowMs += hour;
  }
  await meter('req_2');
  stripe.isDown = false;
  for (let round = 0; round < 3; round++) {
    await outbox.deliver(sink);
    nowMs += hour;
  }
  expect(await outbox.states('stripe')).toEqual({ sent: 6n, superseded: 3n });
  const paths = stripe.accepted.map(({ path }) => path);
  expect(paths.filter((path) => path === '/v1/billing/meter_events')).toHaveLength(3);
  expect(paths.filter((path) => path === '/v1/invoiceitems')).toHaveLength(3);
  const keys = stripe.accepted.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(keys.length);
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

test('a customer that Stripe does not know is refused with the reason, and stops no one else', async () => {
  await meter('req_1', 'stranger');
  await meter('req_2');
  expect(await outbox.deliver(sink)).toEqual({ sent: 3, superseded: 0, refused: 3, retried: 0 });
});
