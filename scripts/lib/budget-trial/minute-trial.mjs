// @ts-check
// A limit per minute of several gateways, with one killed and started again while it is used.
import { setTimeout as sleep } from 'node:timers/promises';
import { checkThenAct } from './check-then-act.mjs';
import { waitFor } from './fleet.mjs';
import { startClients } from './stream-clients.mjs';

const minuteMs = 60_000;
/** Long enough for the second minute to begin: what the first one took must have left by then, and not earlier. */
const trialMs = 75_000;
const recountMs = 1_000;

/**
 * The most that started in any minute, of amounts by the time of their start.
 * @param {readonly { atMs: number, amount: number }[]} taken
 */
export function peakOfMinutes(taken) {
  const sorted = taken.toSorted((a, b) => a.atMs - b.atMs);
  let [peak, sum, first] = [0, 0, 0];
  for (const { atMs, amount } of sorted) {
    sum += amount;
    for (; (sorted[first]?.atMs ?? atMs) <= atMs - minuteMs; first += 1) sum -= sorted[first]?.amount ?? 0;
    peak = Math.max(peak, sum);
  }
  return peak;
}

/**
 * @typedef {object} MinuteTrial
 * @property {Awaited<ReturnType<typeof import('./fleet.mjs').startFleet>>} fleet
 * @property {'requests' | 'tokens'} unit
 * @property {number} perMinute
 * @property {number} victim
 * @property {Omit<Parameters<typeof startClients>[0], 'ports' | 'secret'>} calls
 */

/**
 * Uses the limit for more than a minute, and kills a gateway when a third of it is used.
 * @param {MinuteTrial} trial
 * @returns {Promise<{ peak: number, unlimited: number, requests: number }>}
 */
export async function tryMinute({ fleet, unit, perMinute, victim, calls }) {
  const customer = `${unit}-customer`;
  await fleet.change('/api/v1/customers', { id: customer });
  const limits = unit === 'requests' ? { requestsPerMinute: perMinute } : { tokensPerMinute: perMinute };
  const { secret } = await fleet.change('/api/v1/keys', { name: `${unit}-key`, customer, limits });
  await sleep(1500);
  const amountOf = (/** @type {import('./fleet.mjs').Exchange} */ one) => (unit === 'requests' ? 1 : one.tokens);
  const own = () => [...fleet.exchanges()].filter(([, one]) => one.customer === customer);
  const startedMs = performance.now();
  const clients = startClients({ ...calls, ports: fleet.ports, secret });
  await waitFor(async () => {
    await sleep(recountMs);
    return own().reduce((sum, [, one]) => sum + amountOf(one), 0) * 3 >= perMinute;
  }, 'a third that is used');
  await fleet.kill(victim);
  await fleet.restart(victim);
  await sleep(Math.max(0, trialMs - (performance.now() - startedMs)));
  const seen = await clients.stop();
  const taken = new Map(own());
  const unlimited = checkThenAct({
    seen: seen.filter(({ startMs }) => startMs - startedMs < minuteMs),
    chargeOf: (requestId) => {
      const one = taken.get(requestId);
      return one && BigInt(amountOf(one));
    },
    limitNanos: BigInt(perMinute),
    lagMs: 0,
  });
  const amounts = [...taken.values()].map((one) => ({ atMs: one.startedAtMs, amount: amountOf(one) }));
  return { peak: peakOfMinutes(amounts), unlimited: Number(unlimited), requests: taken.size };
}
