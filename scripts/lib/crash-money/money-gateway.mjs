// @ts-check
// A gateway reduced to its journal: settles exchanges of a known cost and charge and tells each acknowledgement.
// `node money-gateway.mjs DIST JOURNALS GATEWAY MOST`, at full speed up to MOST exchanges and then slowly; the message
// `kill-writer` ends its journal's thread. Some facts are told twice, some in another order, and some again much later.
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

const [dist = '', directory = '', gatewayId = '', most = '0'] = process.argv.slice(2);
const { openJournal, spawnWriter } = await import(`${dist}/journal/open-journal.js`);
const { systemClock } = await import(`${dist}/platform/clock.js`);

/** @type {import('node:worker_threads').Worker | undefined} */
let writer;
const journal = await openJournal(
  {
    directory,
    gatewayId,
    durability: 'durable',
    clock: systemClock,
    log: () => undefined,
    limits: { segmentBytes: 256 * 1024 },
  },
  {
    spawn: (/** @type {unknown} */ setup) => {
      writer = spawnWriter(setup);
      return writer;
    },
  },
);

/** Projectors in other processes read no further. */
const tellingMs = 5;
setInterval(() => process.send?.(journal.durableEnd()), tellingMs).unref();

/** Exchanges that may be told again: as many as several batches of a projector hold. */
const rememberedExchanges = 400;
/** @type {object[][]} */
const told = [];

function settle() {
  const nowMs = systemClock.nowMs();
  const requestId = `req_${nowMs.toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`;
  const cost = randomBytes(3).readUIntBE(0, 3);
  const charge = cost + (cost >> 2);
  const who = { requestId, key: `key-${cost % 5}`, customer: `customer-${cost % 3}`, model: `model-${cost % 2}` };
  const costNanos = String(cost);
  journal.append({
    type: 'open',
    atMs: nowMs,
    ...who,
    dialect: 'openai-chat',
    operation: 'generate',
    stream: true,
    inputEstimateTokens: 10,
    heldNanos: String(charge * 2),
  });
  const attempt = {
    type: 'attempt',
    requestId,
    attempt: 1,
    host: `host-${cost % 2}`,
    upstreamModel: 'm',
    dialect: 'openai-chat',
    startedAtMs: nowMs,
    totalMs: 12,
    costNanos,
    flags: [],
  };
  const final = {
    type: 'final',
    atMs: nowMs + 12,
    ...who,
    status: 'completed',
    httpStatus: 200,
    attempts: 1,
    host: attempt.host,
    costNanos,
    chargeNanos: String(charge),
    cache: 'miss',
    totalMs: 12,
  };
  // One in ten is told twice, as a retried delivery would; one in ten ends before its attempt is told.
  const orders = new Map([
    [0, [attempt, attempt, final, final]],
    [1, [final, attempt]],
    [2, [final, attempt, final]],
  ]);
  const facts = orders.get(cost % 10) ?? [attempt, final];
  // One in ten older ones comes again, long after it was booked.
  const [older] = cost % 10 === 3 ? told.splice(cost % Math.max(1, told.length), 1) : [];
  if (older) for (const fact of older) journal.append(fact);
  told.push([attempt, final]);
  if (told.length > rememberedExchanges) told.shift();
  void journal.commit(...facts).then(
    () => process.stdout.write(`${requestId}\n`),
    () => undefined,
  );
}

process.on('message', (order) => {
  if (order === 'kill-writer') void writer?.terminate();
});
process.stdout.write('ready\n');
for (let settled = 0; ;) {
  const count = settled < Number(most) ? 5 : 1;
  if (journal.state().accepting) for (let one = 0; one < count; one += 1) settle();
  settled += count;
  await nextTurn();
  await new Promise((resolve) => setTimeout(resolve, count === 5 ? 1 : 20));
}
