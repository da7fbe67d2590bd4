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
function peakOfMinutes(taken) {
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
 * @typedef {object} MinuteLimit
 * @property {'requests' | 'tokens'} unit
 * @property {number} perMinute
 * @property {Omit<Parameters<typeof startClients>[0], 'ports' | 'secret'>} calls
 */

/**
 * Uses limits, each of a key of its own, for more than a minute, and kills a gateway when a third of each is used.
 * @param {{ fleet: Awaited<ReturnType<typeof import('./fleet.mjs').startFleet>>, victim: number, limits: readonly MinuteLimit[] }} trial
 */
export async function tryMinutes({ fleet, victim, limits }) {
  const keys = [];
  for (const limit of limits) keys.push({ ...limit, ...(await makeKey(fleet, limit)) });
  for (const { secret } of keys) await fleet.isKnown(secret);
  const startedMs = performance.now();
  const all = keys.map((one) => ({
    ...one,
    clients: startClients({ ...one.calls, ports: fleet.ports, secret: one.secret }),
  }));
  await waitFor(async () => {
    await sleep(recountMs);
    const exchanges = fleet.exchanges();
    return all.every(
      (one) => amountsOf(exchanges, one).reduce((sum, { amount }) => sum + amount, 0) * 3 >= one.perMinute,
    );
  }, 'a third that is used');
  await fleet.kill(victim);
  await fleet.restart(victim);
  await sleep(Math.max(0, trialMs - (performance.now() - startedMs)));
  const seen = await Promise.all(all.map(({ clients }) => clients.stop()));
  const exchanges = fleet.exchanges();
  return all.map((one, index) => {
    const taken = amountsOf(exchanges, one);
    const amountByRequest = new Map(taken.map(({ requestId, amount }) => [requestId, BigInt(amount)]));
    const unlimited = checkThenAct({
      seen: (seen[index] ?? []).filter(({ startMs }) => startMs - startedMs < minuteMs),
      chargeOf: (requestId) => amountByRequest.get(requestId),
      limitNanos: BigInt(one.perMinute),
      lagMs: 0,
    });
    const { unit, perMinute } = one;
    return { unit, perMinute, peak: peakOfMinutes(taken), unlimited: Number(unlimited), requests: taken.length };
  });
}

/**
 * @param {Awaited<ReturnType<typeof import('./fleet.mjs').startFleet>>} fleet
 * @param {MinuteLimit} limit
 */
async function makeKey(fleet, { unit, perMinute }) {
  const customer = `${unit}-customer`;
  await fleet.change('/api/v1/customers', { id: customer });
  const limits = unit === 'requests' ? { requestsPerMinute: perMinute } : { tokensPerMinute: perMinute };
  const { secret } = await fleet.change('/api/v1/keys', { name: `${unit}-key`, customer, limits });
  return { customer, secret: String(secret) };
}

/**
 * @param {Map<string, import('./fleet.mjs').Exchange>} exchanges
 * @param {{ customer: string, unit: MinuteLimit['unit'] }} limit
 */
function amountsOf(exchanges, { customer, unit }) {
  return [...exchanges].flatMap(([requestId, { startedAtMs, tokens, ...one }]) =>
    one.customer === customer ? [{ requestId, atMs: startedAtMs, amount: unit === 'requests' ? 1 : tokens }] : [],
  );
}
