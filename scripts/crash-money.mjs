// @ts-check
// Kills gateway, journal writer, projector and Postgres at random moments and checks that nothing was lost and nothing
// booked twice: `node scripts/crash-money.mjs [--trials 200] [--exchanges 2000] [--seed N]`, with so many exchanges in a life
// at most. With `--facts 1000000` the lives go on until the journal holds so many facts, duplicates and reordered ones among
// them, and everything is compared after every twentieth trial (`--every N`) and at the end. The last line is `N passed,
// N failed`.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { sumJournal } from './lib/crash-money/sum-journal.mjs';
import { buildProduct, loadBuilt } from './lib/product/load-built.mjs';
import { readNumbers } from './lib/product/read-flags.mjs';
import { seededRandom } from './lib/product/seeded-random.mjs';
import { repositoryRoot } from './lib/repository-root.mjs';

const gatewayId = 'gw1';
const dist = join(repositoryRoot, 'dist');
const maxLifeMs = 400;
const victims = ['gateway', 'writer', 'projector', 'postgres'];

/** @typedef {{ child: import('node:child_process').ChildProcess, exited: Promise<void>, lines: string[] }} Life */

/**
 * @param {string} name
 * @param {readonly string[]} parameters
 * @returns {Promise<Life>}
 */
async function start(name, parameters) {
  const path = fileURLToPath(new URL(`lib/crash-money/${name}.mjs`, import.meta.url));
  const child = fork(path, [dist, ...parameters], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) => child.once('exit', () => resolve()));
  /** @type {string[]} */
  const lines = [];
  let rest = '';
  await new Promise((resolve, reject) => {
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      if (lines.includes('ready')) resolve(undefined);
    });
    void exited.then(() => reject(new Error(`${name} ended before it was ready`)));
  });
  return { child, exited, lines };
}

/** @param {Life} life */
async function kill(life) {
  life.child.kill('SIGKILL');
  await life.exited;
}

/** Starts the server, and again when it has ended so often that its supervisor leaves it to a person. */
async function openServer() {
  return openDatabase({ folder: postgres, clock: systemClock, logger: silentLogger });
}

async function waitForPostgres() {
  for (let tries = 1; tries < 600; tries += 1) {
    if (tries % 120 === 0) {
      await database.close();
      database = await openServer();
    }
    const client = new pg.Client({ connectionString: database.connectionUrl(), connectionTimeoutMillis: 1000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      await client.end();
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error('Postgres did not come back');
}

/** @param {string} folder the data folder of Postgres, or one that holds it */
function postmasterPid(folder) {
  for (const path of [join(folder, 'postmaster.pid'), join(folder, 'data', 'postmaster.pid')]) {
    try {
      return Number(readFileSync(path, 'utf8').split('\n')[0]);
    } catch {
      // Tried next.
    }
  }
  return undefined;
}

/** @param {string} url */
async function readBooks(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`
    SELECT (SELECT coalesce(sum(cost_nanos), 0) FROM usage_slot)::text AS slot_cost,
      (SELECT coalesce(sum(charge_nanos), 0) FROM usage_slot)::text AS slot_charge,
      (SELECT coalesce(sum(cost_nanos), 0) FROM usage_day)::text AS day_cost,
      (SELECT coalesce(sum(cost_nanos), 0) FROM host_usage_hour)::text AS host_cost,
      (SELECT coalesce(sum(requests), 0) FROM usage_slot)::text AS requests,
      (SELECT coalesce(-sum(amount_nanos), 0) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        WHERE a.kind = 'revenue')::text AS ledger_charge,
      (SELECT coalesce(-sum(amount_nanos), 0) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        WHERE a.kind = 'vendor_payable')::text AS ledger_cost,
      (SELECT count(*) FROM quarantine)::text AS quarantined`);
  await client.end();
  return /** @type {Record<string, string>} */ (rows[0]);
}

/**
 * What journal, ledger and rollups say after everything was drained.
 * @param {{ journals: string, url: string, acknowledged: ReadonlySet<string> }} state
 */
async function compare({ journals, url, acknowledged }) {
  const projector = await start('money-projector', [journals, gatewayId, url, 'drain']);
  await projector.exited;
  const journal = sumJournal(join(journals, gatewayId), gatewayId);
  const books = await readBooks(url);
  const problems = [...acknowledged]
    .filter((id) => !journal.ids.has(id))
    .map((id) => `${id} was acknowledged and lost`);
  const expected = {
    slot_cost: journal.costNanos,
    slot_charge: journal.chargeNanos,
    day_cost: journal.costNanos,
    host_cost: journal.costNanos,
    ledger_cost: journal.costNanos,
    ledger_charge: journal.chargeNanos,
    requests: BigInt(journal.exchanges),
    quarantined: 0n,
  };
  for (const [name, value] of Object.entries(expected)) {
    if (books[name] !== value.toString()) problems.push(`${name} is ${books[name]}, by the journal ${value}`);
  }
  return { problems, journal };
}

const given = readNumbers({ trials: 200, exchanges: 2000, facts: 0, every: 0, seed: 1 });
const { trials, seed, facts: wantedFacts } = given;
/** An exchange has an opening, an attempt and an end, and some of them come again. */
const factsPerExchange = 3;
const perLife = wantedFacts === 0 ? given.exchanges : Math.max(10, Math.ceil(wantedFacts / factsPerExchange / trials));
const usuallyEvery = wantedFacts === 0 ? 1 : 20;
const compareEvery = given.every > 0 ? given.every : usuallyEvery;
const standstillMs = 3_000;
await buildProduct();
const { openDatabase } = await loadBuilt('storage/index.js');
const { systemClock } = await loadBuilt('platform/clock.js');
const { silentLogger } = await loadBuilt('platform/logger.js');
const folder = mkdtempSync(join(tmpdir(), 'switchyard-crash-money-'));
const postgres = join(folder, 'postgres');
const journals = join(folder, 'journal');
let database = await openServer();
const random = seededRandom(seed);
/** @type {Set<string>} */
const acknowledged = new Set();
let passed = 0;
let failed = 0;
/** @type {Record<string, number>} */
const killed = { gateway: 0, writer: 0, projector: 0, postgres: 0 };

/**
 * Until a life has settled a share of what it is to settle; without a number of facts, for a moment.
 * @param {Life} gateway
 * @param {number} share
 */
async function live(gateway, share) {
  if (wantedFacts === 0) {
    await sleep(share * maxLifeMs);
    return;
  }
  let [seen, movedMs] = [gateway.lines.length, performance.now()];
  while (gateway.lines.length < share * perLife && gateway.child.exitCode === null) {
    if (gateway.lines.length > seen) [seen, movedMs] = [gateway.lines.length, performance.now()];
    // Without its writer, or with a full queue, it settles nothing more.
    if (performance.now() - movedMs > standstillMs) return;
    await sleep(2);
  }
}

/** @param {string} victim one life of everything, in which the victim is killed at a random moment */
async function runTrial(victim) {
  await waitForPostgres();
  const projector = await start('money-projector', [journals, gatewayId, database.connectionUrl()]);
  const gateway = await start('money-gateway', [journals, gatewayId, String(perLife)]);
  gateway.child.on('message', (durableEnd) => {
    if (projector.child.connected) projector.child.send(durableEnd, () => undefined);
  });
  await live(gateway, random.unit());
  killed[victim] = (killed[victim] ?? 0) + 1;
  if (victim === 'writer') gateway.child.send('kill-writer');
  if (victim === 'postgres') {
    const pid = postmasterPid(postgres);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
  if (victim === 'projector') await kill(projector);
  if (victim !== 'gateway') await (wantedFacts === 0 ? sleep(random.unit() * maxLifeMs) : live(gateway, 1));
  await kill(gateway);
  if (victim !== 'projector') await kill(projector);
  for (const line of gateway.lines) if (line.startsWith('req_')) acknowledged.add(line);
}

let journal = { facts: 0, exchanges: 0 };
/** @param {number} trial @param {string} victim @param {number} count of trials that this comparison is about */
async function judge(trial, victim, count) {
  await waitForPostgres();
  const compared = await compare({ journals, url: database.connectionUrl(), acknowledged });
  journal = compared.journal;
  if (compared.problems.length === 0) {
    passed += count;
    return;
  }
  failed += count;
  const lines = compared.problems.slice(0, 10).map((line) => `  ${line}\n`);
  process.stdout.write(`trial ${trial} (seed ${seed}, killed ${victim}):\n${lines.join('')}`);
}

for (let trial = 0, since = 0; trial < trials || journal.facts < wantedFacts; trial += 1) {
  const victim = victims[trial % victims.length] ?? 'gateway';
  await runTrial(victim);
  since += 1;
  if (since < compareEvery && trial !== trials - 1) continue;
  await judge(trial, victim, since);
  since = 0;
}
await database.close();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(
  `${acknowledged.size} acknowledged, ${journal.exchanges} exchanges in ${journal.facts} facts of the journal; killed ${JSON.stringify(killed)}\n`,
);
if (acknowledged.size === 0) failed += 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
