// @ts-check
// Gateways with data folders of their own on one Postgres, and what their journals say.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../crash/read-journal.mjs';
import { bootChild } from '../product/boot-child.mjs';

const ownerToken = 'owner-of-the-trial';
const openLimitMs = 90_000;

/**
 * One that was admitted, and what it used.
 * @typedef {object} Exchange
 * @property {string} customer
 * @property {number} startedAtMs
 * @property {bigint} nanos
 * @property {number} tokens What a killed gateway had not told counts as all that was held.
 * @property {boolean} isOverHold
 */

/** @typedef {{ dataDirectory: string, child: import('../product/boot-child.mjs').ChildProduct | undefined }} Replica */

/**
 * @param {{ directory: string, configFile: string, databaseUrl: string, replicas: number }} options
 */
export async function startFleet({ directory, configFile, databaseUrl, replicas }) {
  const environment = { TRIAL_DATABASE_URL: databaseUrl, SWITCHYARD_OWNER_TOKEN: ownerToken };
  /** @type {Replica[]} */
  const all = Array.from({ length: replicas }, (_, index) => ({
    dataDirectory: join(directory, `replica-${index}`),
    child: undefined,
  }));
  /** @param {Replica} replica */
  const start = async (replica) => {
    replica.child = await bootChild({
      configFile,
      dataDirectory: replica.dataDirectory,
      environment,
      startLimitMs: openLimitMs,
    });
    await waitFor(async () => (await control(replica, '/api/v1/customers')).status === 200, 'a database that is open');
  };
  // One after the other: the first migrates.
  for (const replica of all) await start(replica);
  const running = () => all.flatMap(({ child }) => (child?.isRunning() ? [child] : []));
  return {
    ports: () => running().map(({ port }) => port),
    /** @param {string} path @param {object} body */
    change: async (path, body) => {
      const answer = await control(all[0], path, body);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      return text === '' ? {} : JSON.parse(text);
    },
    /**
     * Until every gateway lets the key in: what it is limited by was made before it, and is read together with it.
     * @param {string} secret
     */
    isKnown: (secret) =>
      waitFor(async () => {
        const seen = await Promise.all(running().map((child) => listModels(child.url, secret)));
        return seen.every((status) => status === 200);
      }, 'a key that every gateway knows'),
    /** @param {number} index */
    kill: async (index) => void (await all[index]?.child?.stop('SIGKILL')),
    /** @param {number} index */
    restart: async (index) => void (all[index] && (await start(all[index]))),
    logs: () => all.map(({ child }) => child?.log() ?? '').join('\n'),
    /** Exchanges that have ended, as a reader of its own finds them in the journals. */
    exchanges: () => new Map(all.flatMap(({ dataDirectory }) => readExchanges(join(dataDirectory, 'journal')))),
    stop: async () => void (await Promise.all(running().map((child) => child.stop('SIGTERM')))),
  };
}

/** @param {string} url @param {string} secret */
async function listModels(url, secret) {
  const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
  await answer.body?.cancel();
  return answer.status;
}

/** @param {Replica | undefined} replica @param {string} path @param {object} [body] */
function control(replica, path, body) {
  return fetch(`${replica?.child?.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${ownerToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/**
 * @param {string} folder
 * @returns {(readonly [string, Exchange])[]}
 */
function readExchanges(folder) {
  /** @type {Map<string, any>} */
  const open = new Map();
  return readdirSync(folder).flatMap((gatewayId) =>
    readJournal(join(folder, gatewayId), gatewayId, 0).flatMap((read) => {
      const fact = /** @type {any} */ (read);
      if (fact.type === 'open') open.set(fact.requestId, fact);
      if (fact.type !== 'final' && fact.type !== 'abort') return [];
      const { customer, atMs, heldTokens = 0 } = open.get(fact.requestId) ?? fact;
      const exchange = {
        customer: String(customer ?? ''),
        startedAtMs: Number(atMs),
        nanos: BigInt(fact.chargeNanos ?? 0),
        tokens: fact.type === 'abort' ? Number(heldTokens) : tokensOf(fact.usage ?? {}),
        isOverHold: fact.overHold === true,
      };
      return [/** @type {const} */ ([String(fact.requestId), exchange])];
    }),
  );
}

/** @param {{ [bucket: string]: number }} usage Its buckets are disjoint. */
function tokensOf(usage) {
  return Object.values(usage).reduce((sum, count) => sum + (Number.isFinite(count) ? count : 0), 0);
}

/** @param {() => Promise<boolean>} condition @param {string} what @param {number} [limitMs] */
export async function waitFor(condition, what, limitMs = openLimitMs) {
  const startedMs = performance.now();
  for (;;) {
    if (await condition().catch(() => false)) return;
    if (performance.now() - startedMs > limitMs) throw new Error(`never came: ${what}`);
    await sleep(50);
  }
}
