import { createServer, type Server } from 'node:http';
import Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CloudEventsSink } from './cloud-events-sink.ts';
import { manualPayments } from './payment-port.ts';
import { StripePayments } from './stripe-payments.ts';

const usd = (cents: number) => BigInt(cents) * 10_000_000n;
let server: Server;
let port: number;
let seen: { path: string; body: string; headers: Record<string, unknown> }[];
let status: number;

beforeEach(async () => {
  seen = [];
  status = 200;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ path: request.url ?? '', body, headers: { ...request.headers } });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"id":"cs_1","url":"https://pay.example/cs_1"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const request = {
  operationKey: 'topup_1',
  customer: 'acme',
  amountNanos: usd(2500),
  currency: 'USD',
  description: 'Credit',
};

test('a top-up is a page to pay on, asked for under its own key, and its signed notice is read', async () => {
  const client = new Stripe('sk_test_x', { protocol: 'http', host: '127.0.0.1', port, telemetry: false });
  const payments = new StripePayments({ client, webhookSecret: 'whsec_x', returnUrl: 'http://127.0.0.1/back' });
  expect(await payments.requestTopUp(request)).toEqual({
    state: 'pending',
    reference: 'cs_1',
    payUrl: 'https://pay.example/cs_1',
  });
  expect(seen[0]?.headers['idempotency-key']).toBe('topup_1');
  expect(new URLSearchParams(seen[0]?.body).get('line_items[0][price_data][unit_amount]')).toBe('2500');

  const metadata = { operation: 'topup_1', customer: 'acme' };
  const session = { id: 'cs_1', payment_status: 'paid', amount_total: 2500, currency: 'usd', metadata };
  const body = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'checkout.session.completed',
    data: { object: session },
  });
  const signature = await client.webhooks.generateTestHeaderStringAsync({ payload: body, secret: 'whsec_x' });
  expect(await payments.readNotice(body, signature)).toEqual({
    operationKey: 'topup_1',
    customer: 'acme',
    amountNanos: usd(2500),
    reference: 'cs_1',
  });
  await expect(payments.readNotice(body.replace('2500', '9900'), signature)).rejects.toThrow('signature');
  await expect(payments.readNotice(body, undefined)).rejects.toThrow();
});

test('what Stripe cannot carry exactly is declined before it is asked', async () => {
  const client = new Stripe('sk_test_x', { protocol: 'http', host: '127.0.0.1', port, telemetry: false });
  const payments = new StripePayments({ client, webhookSecret: 'whsec_x', returnUrl: 'http://127.0.0.1/back' });
  expect(await payments.requestTopUp({ ...request, amountNanos: 1n })).toMatchObject({ state: 'declined' });
  expect(await payments.requestTopUp({ ...request, amountNanos: -usd(1) })).toMatchObject({ state: 'declined' });
  expect(await payments.requestTopUp({ ...request, currency: 'EUR' })).toMatchObject({ state: 'declined' });
  expect(seen).toEqual([]);
});

test('payments by hand wait for a person', async () => {
  expect(await manualPayments.requestTopUp(request)).toEqual({ state: 'pending', reference: 'topup_1' });
  expect(await manualPayments.readNotice('{}', undefined)).toBeUndefined();
});

test('CloudEvents carry the id of the message; a known one is sent, a refused one is not tried again', async () => {
  const sink = new CloudEventsSink({
    name: 'openmeter',
    url: `http://127.0.0.1:${port}/events`,
    timeoutMs: 5000,
  });
  const payload = { gateway: 'gw1', customer: 'acme', units: '10', meter: 'input' };
  const message = { sink: 'openmeter', eventId: 'e1', kind: 'meter_event', occurredAtMs: 0, payload };
  expect(await sink.deliver(message)).toEqual({ state: 'sent' });
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
    specversion: '1.0',
    id: 'e1',
    source: 'switchyard/gw1',
    subject: 'acme',
    time: '1970-01-01T00:00:00.000Z',
  });
  status = 409;
  expect(await sink.deliver(message)).toEqual({ state: 'sent' });
  status = 422;
  expect(await sink.deliver(message)).toEqual({ state: 'refused', reason: 'openmeter answered 422' });
  status = 503;
  await expect(sink.deliver(message)).rejects.toThrow('openmeter answered 503');
});
