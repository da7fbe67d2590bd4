import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '../../src/domain/facts/facts.ts';
import { JournalCursor, openJournal } from '../../src/journal/index.ts';
import { Projector } from '../../src/ledger/index.ts';
import { runProjector } from '../../src/ledger/projector/thread/projector-loop.ts';
import { randomExchanges } from '../../src/ledger/testing/random-exchanges.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createSeededRandom } from '../../src/platform/random.ts';
import { openDatabase } from '../../src/storage/index.ts';
import type { Section } from '../section.ts';

const gatewayId = 'bench';
/** One exchange has an open, a decision, and on average two attempts and a final. */
const exchangesPerRound = 10_000;

/** How fast a backlog drains into ledger and rollups: the journal is read, parsed, added up and committed durably. */
export const projector: Section = {
  name: 'projector',
  async measure({ quick }) {
    const folder = mkdtempSync(join(process.cwd(), '.bench-projector-'));
    const directory = join(folder, 'journal');
    const rounds = quick ? 2 : 8;
    await writeJournal(directory, rounds);
    const database = await openDatabase({ folder: join(folder, 'db'), clock: systemClock, logger: silentLogger });
    try {
      const drained = await drain(new Projector(database.db, { gatewayId }, { alarm: () => undefined }), directory);
      const unit = 'facts/s';
      return [
        { name: 'projector', value: drained.perSecond, unit, goal: { atLeast: 50_000 } },
        // What else runs on the machine counts less in this one; the database works beside it.
        { name: 'projector, by its own CPU time', value: drained.perCpuSecond, unit },
      ];
    } finally {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** By the same loop that drains a backlog in the product. */
async function drain(projection: Projector, directory: string): Promise<{ perSecond: number; perCpuSecond: number }> {
  const cursor = new JournalCursor(directory, gatewayId);
  const stop = new AbortController();
  let facts = 0;
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await runProjector(projection, {
    gatewayId,
    read: (from, maxBytes) => cursor.read(from, { maxBytes }),
    until: () => undefined,
    clock: systemClock,
    alarm: () => undefined,
    report: (progress) => {
      facts += progress.facts;
      if (progress.failure !== undefined) throw new Error(progress.failure);
      if (progress.isCaughtUp) stop.abort();
    },
    signal: stop.signal,
  });
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - startedMs;
  const perSecond = Math.round((facts * 1000) / wallMs);
  return { perSecond, perCpuSecond: Math.round((facts * 1_000_000) / (user + system)) };
}

async function writeJournal(directory: string, rounds: number): Promise<void> {
  const journal = await openJournal({
    directory,
    gatewayId,
    durability: 'relaxed',
    clock: systemClock,
    log: () => undefined,
    limits: { ringBytes: 256 * 1024 * 1024 },
  });
  const random = createSeededRandom(1);
  const startMs = Date.UTC(2026, 9, 1);
  for (let round = 0; round < rounds; round += 1) {
    // A thousand requests per second, of twenty customers.
    const mix = { random, startMs: startMs + round * 10_000, spreadMs: 10_000, customers: 20, variety: 2 };
    for (const fact of withDecisions(randomExchanges(exchangesPerRound, mix).facts)) journal.append(fact);
    while (journal.state().queuedBytes > 1024 * 1024) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await journal.close();
}

function withDecisions(facts: readonly Fact[]): Fact[] {
  return facts.flatMap((fact): Fact[] =>
    fact.type === 'open'
      ? [
          fact,
          {
            type: 'decision',
            requestId: fact.requestId,
            decisionId: 'dec_1',
            atMs: fact.atMs,
            model: fact.model,
            seed: 1,
            chosen: 'host-1/upstream-1',
            ranked: ['host-1/upstream-1', 'host-2/upstream-1'],
            excluded: [],
            reasons: ['cheapest'],
            propensity: 1,
          },
        ]
      : [fact],
  );
}
