import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { openJournal } from '../open-journal.ts';

/** A gateway's life for the crash test: opens and settles exchanges until it is killed, telling each acknowledgement. */
const [directory = '', gatewayId = ''] = process.argv.slice(2);
const makeId = createIdSource(systemClock, createSystemRandom());
const journal = await openJournal({
  directory,
  gatewayId,
  durability: 'durable',
  clock: systemClock,
  log: () => undefined,
  // Short segments, so that some lives end in the middle of a roll.
  limits: { segmentBytes: 64 * 1024 },
});

function settle(): void {
  const requestId = makeId('req');
  const atMs = systemClock.nowMs();
  const who = { requestId, atMs, key: 'key-1', customer: 'default', model: 'openai/gpt-5' };
  const opened: OpenFact = {
    ...who,
    type: 'open',
    dialect: 'openai-chat',
    operation: 'generate',
    stream: true,
    inputEstimateTokens: 10,
    heldNanos: '900',
  };
  const final: FinalFact = {
    ...who,
    type: 'final',
    status: 'completed',
    httpStatus: 200,
    attempts: 1,
    costNanos: '7',
    cache: 'miss',
    totalMs: 12,
  };
  journal.append(opened);
  void journal.commit(final).then(() => process.stdout.write(`${requestId}\n`));
}

process.stdout.write('ready\n');
for (;;) {
  for (let count = 0; count < 3; count += 1) settle();
  await nextTurn();
  if (!journal.state().accepting) await journal.commit();
}
