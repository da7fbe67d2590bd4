import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configSchema, type LoadedConfig } from '../config/index.ts';
import { Outbox, replaceExportSinks } from '../ledger/index.ts';
import { InvoiceFixture } from '../ledger/invoices/testing/invoice-fixture.ts';
import { FakeStripe } from '../ledger/exports/testing/fake-stripe.ts';
import { createProjectorPorts } from '../ledger/projector/projector-ports.ts';
import { projectAll, temporaryFolder, writeJournal } from '../ledger/testing/ledger-harness.ts';
import { randomExchanges } from '../ledger/testing/random-exchanges.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createSeededRandom } from '../platform/random.ts';
import { sharedTestDatabase } from '../storage/testing/shared-test-database.ts';
import { exportSinks, startExports } from './exports.ts';

interface ReceivedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly data: { readonly units: Record<string, number>; readonly chargeNanos: string | null };
}

const database = sharedTestDatabase();
const slow = { timeout: 30_000, interval: 50 };
let stripe: FakeStripe;
let receiver: Server;
let received: ReceivedEvent[];
let authorizations: Set<string | undefined>;
let failuresLeft = 0;

beforeEach(() => {
  received = [];
  authorizations = new Set();
  failuresLeft = 1;
  stripe = new FakeStripe(() => systemClock.nowMs());
  receiver = createServer((request, response) => void receive(request, response));
});
afterEach(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await stripe.stop();
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  failuresLeft -= 1;
  if (failuresLeft >= 0) {
    response.writeHead(503).end();
    return;
  }
  authorizations.add(request.headers.authorization);
  received.push(JSON.parse(text) as ReceivedEvent);
  response.writeHead(204).end();
}

async function configured(): Promise<LoadedConfig> {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { host, port: stripePort } = await stripe.start();
  const config = configSchema.parse({
    exports: [
      {
        type: 'stripe',
        name: 'billing',
        secretKey: 'env:STRIPE_KEY',
        meters: { input: 'ai_input', output: 'ai_output' },
        customers: { 'customer-0': 'cus_0' },
        apiUrl: `http://${host}:${stripePort}`,
      },
      {
        type: 'cloudEvents',
        name: 'meter',
        url: `http://127.0.0.1:${port}/events`,
        authorization: 'env:METER_AUTHORIZATION',
      },
    ],
  });
  const environment = { STRIPE_KEY: 'sk_test_x', METER_AUTHORIZATION: 'Bearer m' };
  const secrets = { environment, directory: '/' };
  return { file: 'switchyard.yaml', exists: true, isBlank: false, config, secrets, warnings: [] };
}

it('tells every receiver of each request once, after the books know it', async () => {
  const loaded = await configured();
  const { db } = database();
  await replaceExportSinks(db, exportSinks(loaded));
  const random = createSeededRandom(5);
  const { facts, truth } = randomExchanges(8, {
    random,
    startMs: systemClock.nowMs() - 60_000,
    spreadMs: 1,
    customers: 2,
  });
  const directory = temporaryFolder();
  await writeJournal(directory, [...facts, ...facts]);
  await projectAll(db, directory, { ports: createProjectorPorts(database(), () => undefined), maxBytes: 4_000 });
  const metrics = createMetrics();
  const exporter = startExports(
    { clock: systemClock, logger: silentLogger, metrics, loaded: () => loaded },
    database(),
  );
  await vi.waitFor(() => expect(received).toHaveLength(truth.requests), slow);
  const waiting = () => new Outbox({ database: database(), clock: systemClock }).states('billing');
  await vi.waitFor(async () => expect(Object.keys(await waiting())).toEqual(['sent']), slow);
  await exporter.stop();

  expect(new Set(received.map(({ id }) => id)).size).toBe(truth.requests);
  expect(received[0]).toMatchObject({ type: 'switchyard.usage', source: 'switchyard/gateway-1' });
  expect(received.reduce((sum, { data }) => sum + (data.units['output'] ?? 0), 0)).toBe(truth.outputUnits);
  expect(received.reduce((sum, { data }) => sum + BigInt(data.chargeNanos ?? 0), 0n)).toBe(truth.chargeNanos);
  expect([...authorizations]).toEqual(['Bearer m']);
  const ofCustomer = facts.filter((fact) => fact.type === 'final' && fact.customer === 'customer-0' && fact.usage);
  const metered = stripe.accepted.filter(({ fields }) => fields.get('event_name') === 'ai_output');
  expect(metered).toHaveLength(ofCustomer.length);
  expect(metered.every(({ fields }) => fields.get('payload[stripe_customer_id]') === 'cus_0')).toBe(true);
  expect(metrics.render()).toContain('switchyard_export_messages_total{export="meter",state="retried"} 1');
});

it('forgets a receiver that the configuration no longer names', async () => {
  const { db } = database();
  await replaceExportSinks(db, [{ name: 'gone', kind: 'cloudEvents', meters: {} }]);
  await replaceExportSinks(db, [{ name: 'kept', kind: 'cloudEvents', meters: {} }]);
  expect(await db.selectFrom('export_sink').select('name').execute()).toEqual([{ name: 'kept' }]);
});

it('collects what closed invoices and credit notes say at Stripe, to the cent, and taxes apart', async () => {
  const { host, port } = await stripe.start();
  const config = configSchema.parse({
    exports: [
      {
        type: 'stripe',
        name: 'collect',
        secretKey: 'env:STRIPE_KEY',
        invoiceItems: true,
        customers: { acme: 'cus_acme' },
        apiUrl: `http://${host}:${port}`,
      },
    ],
  });
  const secrets = { environment: { STRIPE_KEY: 'sk_test_x' }, directory: '/' };
  const loaded: LoadedConfig = { file: '', exists: true, isBlank: false, config, secrets, warnings: [] };
  await replaceExportSinks(database().db, exportSinks(loaded));
  const fixture = new InvoiceFixture(database());
  for (const customer of ['acme', 'other']) {
    await fixture.addCustomer(customer);
    await fixture.subscribe(customer, { baseFee: '9.99' }, { fromMs: 0 });
    await fixture.use({ customer, atMs: Date.UTC(2026, 2, 2), chargeNanos: 1_234_567_891n, model: 'a' });
  }
  const settings = { taxes: [{ name: 'VAT', percent: '20' }] };
  const { row } = await fixture.bill('acme', 3, settings);
  await fixture.bill('other', 3, settings);
  await fixture.book.void(row.id, 'a mistake');
  const exporter = startExports(
    { clock: systemClock, logger: silentLogger, metrics: createMetrics(), loaded: () => loaded },
    database(),
  );
  await vi.waitFor(() => expect(stripe.accepted).toHaveLength(4), slow);
  await exporter.stop();
  const items = stripe.accepted.map(({ fields }) => [
    fields.get('customer'),
    fields.get('amount'),
    fields.get('description'),
  ]);
  expect(items.toSorted()).toEqual(
    [
      ['cus_acme', '1122', 'INV-000001, 2026-03-01 to 2026-04-01'],
      ['cus_acme', '224', 'INV-000001, VAT'],
      ['cus_acme', '-1122', 'CN-000001, takes back INV-000001: a mistake'],
      ['cus_acme', '-224', 'CN-000001, VAT'],
    ].toSorted(),
  );
  expect(new Set(stripe.accepted.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(4);
});

it('refuses to meter and to invoice the same use at Stripe', () => {
  const stripeExport = { type: 'stripe', name: 's', secretKey: 'env:K', customers: {} };
  const isRight = (extra: object): boolean =>
    configSchema.safeParse({ exports: [{ ...stripeExport, ...extra }] }).success;
  expect(isRight({ meters: { input: 'in' }, invoiceItems: true })).toBe(false);
  expect(isRight({})).toBe(false);
  expect(isRight({ invoiceItems: true })).toBe(true);
});
