// @ts-check
// A projector in a process of its own, so that it can be killed: `node money-projector.mjs DIST JOURNALS GATEWAY URL [drain]`.
// It reads up to the durable end that messages tell, as beside a gateway that lives: what lies behind it may still be cut
// and written anew. With `drain` nobody writes any more: it mends what a kill left torn, as the next start of a gateway
// does, reads everything and ends when nothing is left.
const [dist = '', directory = '', gatewayId = '', url = '', mode = ''] = process.argv.slice(2);
const { JournalCursor } = await import(`${dist}/journal/index.js`);
const { openJournal } = await import(`${dist}/journal/open-journal.js`);
const { Projector, runProjector } = await import(`${dist}/ledger/index.js`);
const { openDatabase } = await import(`${dist}/storage/index.js`);
const { systemClock } = await import(`${dist}/platform/clock.js`);
const { silentLogger } = await import(`${dist}/platform/logger.js`);

if (mode === 'drain') {
  const log = () => undefined;
  const journal = await openJournal({ directory, gatewayId, durability: 'durable', clock: systemClock, log });
  await journal.close();
}
const database = await openDatabase({ url, clock: systemClock, logger: silentLogger, poolSize: 2, migrations: [] });
const cursor = new JournalCursor(directory, gatewayId);
const stop = new AbortController();
/** @type {{ segment: number, offset: number } | undefined} */
let durableEnd = mode === 'drain' ? undefined : { segment: 0, offset: 0 };
process.on('message', (end) => {
  durableEnd = /** @type {{ segment: number, offset: number }} */ (end);
});
process.stdout.write('ready\n');
await runProjector(new Projector(database.db, { gatewayId }, { alarm: () => undefined }), {
  gatewayId,
  read: (/** @type {unknown} */ from, /** @type {number} */ maxBytes) =>
    cursor.read(from, { until: durableEnd, maxBytes }),
  until: () => durableEnd,
  clock: systemClock,
  alarm: (/** @type {{ detail: string }} */ alarm) => process.stderr.write(`${alarm.detail}\n`),
  report: (/** @type {{ isCaughtUp: boolean, facts: number, failure?: string }} */ progress) => {
    if (mode === 'drain' && progress.isCaughtUp && progress.facts === 0 && progress.failure === undefined) stop.abort();
  },
  signal: stop.signal,
  maxBatchBytes: 64 * 1024,
  idleMs: 10,
  longestBackOffMs: 200,
});
await database.close();
process.disconnect();
