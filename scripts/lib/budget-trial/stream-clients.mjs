// @ts-check
// Clients that ask for streams again and again until nobody is let in any more.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One request as a client saw it.
 * @typedef {object} Seen
 * @property {number} startMs
 * @property {number} endMs
 * @property {number} status 0 when the connection failed
 * @property {string} fault
 * @property {string | undefined} requestId
 */

const chunksBeforeAbort = 6;
/** Clients that were refused wait longer each time, as real ones would. */
const firstWaitMs = 200;
const longestWaitMs = 1600;

/**
 * @param {{ ports: () => readonly number[], secret: string, clients: number, models: readonly string[],
 *   random: import('../product/seeded-random.mjs').SeededRandom, maxOutputTokens: number, abortShare?: number }} options
 */
export function startClients({ ports, secret, clients, models, random, maxOutputTokens, abortShare = 0.3 }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  /** @type {Seen[]} */
  const seen = [];
  let isStopped = false;
  let lastAdmittedMs = performance.now();
  let running = 0;
  /** @param {number} index */
  const work = async (index) => {
    let waitMs = firstWaitMs;
    for (let turn = 0; !isStopped; turn += 1) {
      const alive = ports();
      const port = alive[(index + turn) % alive.length];
      const abortAfter = random.chance(abortShare) ? chunksBeforeAbort : Number.POSITIVE_INFINITY;
      running += 1;
      const one = await ask({ agent, port, secret, model: random.pick(models), abortAfter, maxOutputTokens });
      running -= 1;
      seen.push(one);
      if (one.status === 200) {
        lastAdmittedMs = performance.now();
        waitMs = firstWaitMs;
        continue;
      }
      await sleep(waitMs * (0.5 + random.unit()));
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
  };
  const working = Promise.all(Array.from({ length: clients }, (_, index) => work(index)));
  return {
    seen,
    running: () => running,
    quietMs: () => performance.now() - lastAdmittedMs,
    async stop() {
      isStopped = true;
      await working;
      agent.destroy();
      return seen;
    },
  };
}

/**
 * @param {{ agent: Agent, port: number | undefined, secret: string, model: string, abortAfter: number, maxOutputTokens: number }} call
 * @returns {Promise<Seen>}
 */
function ask({ agent, port, secret, model, abortAfter, maxOutputTokens }) {
  const startMs = performance.now();
  return new Promise((resolve) => {
    /** @type {Omit<Seen, 'endMs'>} */
    const one = { startMs, status: 0, fault: '', requestId: undefined };
    const settle = () => resolve({ ...one, endMs: performance.now() });
    const outgoing = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      },
      (incoming) => {
        one.status = incoming.statusCode ?? 0;
        one.fault = String(incoming.headers['x-switchyard-fault'] ?? '');
        one.requestId = incoming.headers['x-switchyard-request-id']?.toString();
        let pieces = 0;
        incoming.on('data', () => {
          pieces += 1;
          if (pieces === abortAfter) incoming.destroy();
        });
        // A killed gateway resets connections; `close` follows.
        incoming.on('error', () => undefined);
        incoming.on('close', settle);
      },
    );
    outgoing.on('error', () => {
      if (one.status === 0) settle();
    });
    const messages = [{ role: 'user', content: 'Write until you are stopped.' }];
    outgoing.end(JSON.stringify({ model, stream: true, max_tokens: maxOutputTokens, messages }));
  });
}
