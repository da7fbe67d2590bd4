import { sql } from 'kysely';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openJournal } from '../../../journal/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import { createSeededRandom } from '../../../platform/random.ts';
import { openTestDatabase } from '../../../storage/testing/open-test-database.ts';
import { bookedSums, closedAfterTest, gatewayId, temporaryFolder } from '../../testing/ledger-harness.ts';
import { randomExchanges } from '../../testing/random-exchanges.ts';
import type { ProjectionAlarm } from '../ports.ts';
import { startProjection } from './start-projection.ts';

/** The thread compiles its own source here, which takes a busy machine a while; the product's is compiled. */
const startLimitMs = 90_000;

it('follows a running journal from a thread of its own and tells how far it is', { timeout: 240_000 }, async () => {
  const { database } = await closedAfterTest(openTestDatabase());
  const directory = temporaryFolder();
  const journal = await openJournal({
    directory,
    gatewayId,
    durability: 'durable',
    clock: systemClock,
    log: () => undefined,
    isProjected: true,
  });
  onTestFinished(() => journal.close());
  const metrics = createMetrics();
  const alarms: ProjectionAlarm[] = [];
  const projection = startProjection({
    database,
    journal,
    directory,
    gatewayId,
    clock: systemClock,
    logger: silentLogger,
    metrics,
    checkEveryMs: 200,
    onAlarm: (alarm) => alarms.push(alarm),
  });
  const mix = { random: createSeededRandom(31), startMs: Date.UTC(2026, 9, 31), spreadMs: 60_000, customers: 2 };
  const { facts, truth } = randomExchanges(200, mix);
  for (let start = 0; start < facts.length; start += 100) await journal.commit(...facts.slice(start, start + 100));
  await vi.waitFor(() => expect(projection.lag()).toEqual({ segments: 0, bytes: 0, isCaughtUp: true }), startLimitMs);
  await vi.waitFor(() => expect(metrics.render()).toContain('switchyard_ledger_sums_differences 0'), 60_000);
  expect(alarms).toEqual([]);
  await sql`UPDATE usage_day SET cost_nanos = cost_nanos + 1 WHERE requests > 0`.execute(database.db);
  await vi.waitFor(() => expect(alarms.at(-1)).toMatchObject({ kind: 'sums' }), 60_000);
  expect(alarms.at(-1)?.detail).toContain('the cost in days');
  await projection.stop();
  const sums = await bookedSums(database.db);
  expect(sums.cost['ledger']).toBe(truth.costNanos);
  expect(sums.charge['ledger']).toBe(truth.chargeNanos);
  expect(metrics.render()).toContain('switchyard_projection_booked_total 200');
});
