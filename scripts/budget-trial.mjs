// @ts-check
// Several gateways on one Postgres, many clients on one limit, aborts, failovers and kill -9 of a gateway in between:
// `node scripts/budget-trial.mjs [--replicas 3] [--streams 1000] [--seed 1]`. The last line is `N passed, N failed`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { checkThenAct } from './lib/budget-trial/check-then-act.mjs';
import { startFleet, waitFor } from './lib/budget-trial/fleet.mjs';
import { tryMinutes } from './lib/budget-trial/minute-trial.mjs';
import { startClients } from './lib/budget-trial/stream-clients.mjs';
import { buildProduct, loadBuilt } from './lib/product/load-built.mjs';
import { readNumbers } from './lib/product/read-flags.mjs';
import { seededRandom, seedOf } from './lib/product/seeded-random.mjs';

/** One budget of $5.00 for 1,000 streams; fewer streams share less. */
const nanosPerStream = 5_000_000n;
const maxOutputTokens = 400;
/** Nobody was let in for so long: the limit is used up. */
const quietMs = 15_000;
const trialLimitMs = 180_000;
const models = ['steady', 'steady', 'shaky', 'cut'];

const { replicas, streams, seed } = readNumbers({ replicas: 3, streams: 1000, seed: 1 });
const limitNanos = BigInt(streams) * nanosPerStream;
/** Let in at once at the start, by every gateway its share; few enough that the machine serves them in time. */
const requestsPerMinute = Math.max(replicas * 10, Math.floor(streams / 2));
/** Many short answers: what is left of a share is less than one of them needs. */
const briefTokens = 40;
const tokensPerMinute = streams * 100;
const concurrent = Math.max(replicas, Math.floor(streams * 0.3));

/** @param {string} upstreamUrl */
function configText(upstreamUrl) {
  const pace = 'length=1600&chunks=16&gap=15';
  const endpoint = (/** @type {string} */ script) =>
    `      - { host: fake, model: "m?${script}", price: { input: 3, output: 20 } }\n`;
  return `
log: { level: warn }
database: env:TRIAL_DATABASE_URL
runtime: { enabled: false }
hosts:
  fake: { protocol: openai-chat, baseUrl: "${upstreamUrl}/v1" }
models:
  steady:
    endpoints:
${endpoint(pace)}  shaky:
    endpoints:
${endpoint(`${pace}&fail=503&chance=0.3&key=a`)}${endpoint(`${pace}&key=b`)}  cut:
    endpoints:
${endpoint(`${pace}&cut=8&chance=0.2`)}  brief:
    endpoints:
${endpoint('length=160&chunks=8&gap=15')}`;
}

/**
 * Lets clients in until nobody is, kills one gateway on the way and starts it again.
 * @param {{ fleet: Awaited<ReturnType<typeof startFleet>>, secret: string, victim: number, random: any, isThird: () => Promise<boolean> }} trial
 */
async function exhaust({ fleet, secret, victim, random, isThird }) {
  const clients = startClients({ ports: fleet.ports, secret, clients: streams, models, random, maxOutputTokens });
  await waitFor(isThird, 'a third that is spent', trialLimitMs);
  await fleet.kill(victim);
  await sleep(500);
  await fleet.restart(victim);
  const startedMs = performance.now();
  // What the killed one had leased comes back only now.
  const quiet = () => Math.min(clients.quietMs(), performance.now() - startedMs);
  while (quiet() < quietMs && performance.now() - startedMs < trialLimitMs) await sleep(100);
  return clients.stop();
}

/** @param {bigint} part @param {bigint} whole */
const percent = (part, whole) => `${(Number((part * 10_000n) / whole) / 100).toFixed(2)} %`;

await buildProduct();
const { openDatabase } = await loadBuilt('storage/index.js');
const { systemClock } = await loadBuilt('platform/clock.js');
const { silentLogger } = await loadBuilt('platform/logger.js');
const { startSimulator } = await loadBuilt('simulator/index.js');
const directory = mkdtempSync(join(tmpdir(), 'switchyard-budget-trial-'));
const server = await openDatabase({ folder: join(directory, 'postgres'), clock: systemClock, logger: silentLogger });
const databaseUrl = server.connectionUrl();
const upstream = await startSimulator();
const configFile = join(directory, 'switchyard.yaml');
writeFileSync(configFile, configText(upstream.url));
const reader = new pg.Client({ connectionString: databaseUrl });
await reader.connect();
let [passed, failed] = [0, 0];
/** @param {string} what @param {boolean} holds @param {string} [detail] */
const expect = (what, holds, detail = '') => {
  if (holds) passed += 1;
  else {
    failed += 1;
    process.stdout.write(`  NOT SO: ${what} ${detail}\n`);
  }
};

/** @param {string} customer */
async function projectedNanos(customer) {
  const sum = 'SELECT coalesce(sum(charge_nanos), 0)::text AS sum FROM usage_slot WHERE customer = $1';
  const { rows } = await reader.query(sum, [customer]);
  return BigInt(rows[0].sum);
}

/**
 * @param {Awaited<ReturnType<typeof startFleet>>} fleet
 * @param {'budget' | 'wallet'} kind
 * @param {number} victim
 */
async function spendTrial(fleet, kind, victim) {
  const customer = `${kind}-customer`;
  await fleet.change('/api/v1/customers', { id: customer });
  if (kind === 'budget') {
    const limit = { limitNanos: String(limitNanos), period: 'lifetime' };
    await fleet.change('/api/v1/budgets', { scope: 'customer', name: customer, ...limit });
  } else {
    await fleet.change(`/api/v1/customers/${customer}/wallet`, {});
    const grant = { kind: 'prepaid', amountNanos: String(limitNanos), operationKey: 'trial' };
    await fleet.change(`/api/v1/customers/${customer}/grants`, grant);
  }
  const { secret } = await fleet.change('/api/v1/keys', { name: `${kind}-key`, customer });
  await fleet.isKnown(secret);
  const isThird = async () => (await projectedNanos(customer)) * 3n > limitNanos;
  const random = seededRandom(seedOf(seed, victim));
  const seen = await exhaust({ fleet, secret, victim, random, isThird });
  const all = fleet.exchanges();
  const spentNanos = [...all.values()].reduce((sum, one) => (one.customer === customer ? sum + one.nanos : sum), 0n);
  const chargeOf = (/** @type {string} */ id) => all.get(id)?.nanos;
  const [atOnce, after10s] = [0, 10_000].map((lagMs) => checkThenAct({ seen, chargeOf, limitNanos, lagMs }));
  const admitted = seen.filter(({ status }) => status === 200).length;
  const faults = [
    ...new Set(seen.filter(({ status }) => status >= 400).map(({ status, fault }) => `${status} ${fault}`)),
  ];
  process.stdout.write(
    `${kind}: limit ${limitNanos} nano-USD, ${replicas} gateways, ${streams} clients, one gateway killed: ` +
      `${percent(spentNanos, limitNanos)} spent by ${admitted} of ${seen.length} requests; refusals ${faults.join(', ')}\n` +
      `  check-then-act on the same requests: ${percent(atOnce ?? 0n, limitNanos)}, booked 10 s late ${percent(after10s ?? 0n, limitNanos)}\n`,
  );
  const overHold = [...all.values()].filter((one) => one.customer === customer && one.isOverHold).length;
  const share = `${percent(spentNanos, limitNanos)}, ${overHold} charged more than was held for them`;
  expect('spent is at most 100.0 %', spentNanos <= limitNanos, share);
  const { rows: leases } = await reader.query(`
    SELECT gateway_id, epoch::text, status, sum(granted_nanos - settled_nanos)::text AS unsettled
    FROM budget_lease JOIN gateway USING (gateway_id, epoch) GROUP BY 1, 2, 3`);
  expect('at least 95 % is usable', spentNanos * 100n >= limitNanos * 95n, JSON.stringify(leases));
  // 408: this process was too slow to send its own request.
  const refusals = new Set(['402 budget_exceeded', '503 budget_unavailable', '0 ', '408 ']);
  expect(
    'refusals are 402 or 503',
    faults.every((fault) => refusals.has(fault)),
    faults.join(', '),
  );
  await waitFor(
    async () => (await projectedNanos(customer)) === spentNanos,
    'a projection that equals the journals',
  ).then(
    () => expect('the projection equals the journals', true),
    (error) => expect('the projection equals the journals', false, String(error)),
  );
}

/** @param {Awaited<ReturnType<typeof startFleet>>} fleet @param {number} victim */
async function rateTrial(fleet, victim) {
  await fleet.change('/api/v1/customers', { id: 'rate-customer' });
  const limits = { concurrent };
  const { secret } = await fleet.change('/api/v1/keys', { name: 'rate-key', customer: 'rate-customer', limits });
  await fleet.isKnown(secret);
  const random = seededRandom(seedOf(seed, victim));
  upstream.reset();
  // A place is free as soon as the gateway has ended a call, which the upstream sees later: nobody leaves here.
  const calls = { ports: fleet.ports, secret, clients: streams, models: ['steady'], random, maxOutputTokens };
  const clients = startClients({ ...calls, abortShare: 0 });
  await sleep(4000);
  await fleet.kill(victim);
  await sleep(4000);
  await clients.stop();
  const most = upstream.stats().openPeak;
  process.stdout.write(
    `requests at once: limit ${concurrent}, ${replicas} gateways, ${streams} clients, one gateway killed: ` +
      `${percent(BigInt(most), BigInt(concurrent))} at the upstream\n` +
      `  check-then-act in each gateway: ${percent(BigInt(Math.min(streams, concurrent * replicas)), BigInt(concurrent))}\n`,
  );
  expect('never more than the limit at once', most <= concurrent, String(most));
  expect('at least 95 % of the limit is usable', most * 100 >= concurrent * 95, String(most));
}

/**
 * In no minute more than the limit, over all gateways.
 * @param {Awaited<ReturnType<typeof startFleet>>} fleet
 * @param {number} victim
 */
async function minuteTrial(fleet, victim) {
  const callsOf = (/** @type {string} */ model, /** @type {number} */ tokens) => {
    const random = seededRandom(seedOf(seed, victim + replicas + tokens));
    return { clients: streams, models: [model], random, maxOutputTokens: tokens };
  };
  const requests = /** @type {const} */ ({ unit: 'requests', perMinute: requestsPerMinute });
  const tokens = /** @type {const} */ ({ unit: 'tokens', perMinute: tokensPerMinute });
  const limits = [
    { ...requests, calls: callsOf('steady', maxOutputTokens) },
    { ...tokens, calls: callsOf('brief', briefTokens) },
  ];
  for (const { unit, perMinute, peak, unlimited, requests: admitted } of await tryMinutes({ fleet, victim, limits })) {
    process.stdout.write(
      `${unit} per minute: limit ${perMinute}, ${replicas} gateways, ${streams} clients, one gateway killed and ` +
        `started again: ${percent(BigInt(peak), BigInt(perMinute))} in the busiest minute, ${admitted} requests in all\n` +
        `  check-then-act on the same requests: ${percent(BigInt(unlimited), BigInt(perMinute))}\n`,
    );
    const share = `${peak} of ${perMinute}`;
    expect(`never more than the limit of ${unit} in a minute`, peak <= perMinute, share);
    expect(`at least 95 % of the limit of ${unit} is usable`, peak * 100 >= perMinute * 95, share);
  }
}

const fleet = await startFleet({ directory, configFile, databaseUrl, replicas });
try {
  await spendTrial(fleet, 'budget', replicas - 1);
  await spendTrial(fleet, 'wallet', Math.max(0, replicas - 2));
  await minuteTrial(fleet, replicas - 1);
  await rateTrial(fleet, replicas - 1);
} finally {
  await fleet.stop();
  await reader.end();
  await upstream.close();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
