// @ts-check
// Gateways with data folders of their own on one Postgres, and what their journals say.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../crash/read-journal.mjs';
import { bootChild } from '../product/boot-child.mjs';

const ownerToken = 'owner-of-the-trial';
const openLimitMs = 90_000;

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
    /** @param {number} index */
    kill: async (index) => void (await all[index]?.child?.stop('SIGKILL')),
    /** @param {number} index */
    restart: async (index) => void (all[index] && (await start(all[index]))),
    logs: () => all.map(({ child }) => child?.log() ?? '').join('\n'),
    /** Charges by exchange, as a reader of its own finds them in the journals. */
    charges: () => new Map(all.flatMap(({ dataDirectory }) => readCharges(join(dataDirectory, 'journal')))),
    stop: async () => void (await Promise.all(running().map((child) => child.stop('SIGTERM')))),
  };
}

/** @param {Replica | undefined} replica @param {string} path @param {object} [body] */
function control(replica, path, body) {
  return fetch(`${replica?.child?.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${ownerToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** @param {string} folder */
function readCharges(folder) {
  return readdirSync(folder).flatMap((gatewayId) =>
    readJournal(join(folder, gatewayId), gatewayId, 0).flatMap((read) => {
      const fact = /** @type {any} */ (read);
      if (fact.type !== 'final' && fact.type !== 'abort') return [];
      const nanos = BigInt(fact.chargeNanos ?? 0);
      const charge = { customer: String(fact.customer ?? ''), nanos, isOverHold: fact.overHold === true };
      return [/** @type {const} */ ([String(fact.requestId), charge])];
    }),
  );
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
