import { expect, it } from 'vitest';
import { RatingVersions } from '../../catalog/index.ts';
import type { CorrectionFact, Fact } from '../../domain/facts/facts.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { createProjectorPorts } from '../projector/projector-ports.ts';
import { projectAll, temporaryFolder, writeJournal } from '../testing/ledger-harness.ts';
import { randomExchanges } from '../testing/random-exchanges.ts';
import { replaceExportSinks } from './export-sinks.ts';

const database = sharedTestDatabase();
const startMs = Date.UTC(2026, 9, 31, 22);

/** An exchange whose usage was estimated: 10 units in at 1, 50 out at 2, charged 1,210. */
function estimated(): { readonly exchange: Fact[]; readonly correction: CorrectionFact } {
  const mix = { random: createSeededRandom(26), startMs, spreadMs: 1000, customers: 1 };
  const { facts } = randomExchanges(1, mix);
  const [open, attempt] = facts;
  const final = facts.at(-1);
  if (open?.type !== 'open' || attempt?.type !== 'attempt' || final?.type !== 'final') throw new Error('facts');
  const { fault: _fault, ...clean } = attempt;
  const usage = { input: 10, output: 50 };
  const cost = { costNanos: '110', priceVersionId: 'v1' };
  return {
    exchange: [
      open,
      { ...clean, ...cost, host: 'h', usage, usageSource: 'estimated', flags: ['estimated'] },
      { ...final, host: 'h', status: 'completed', attempts: 1, usage, costNanos: '110', chargeNanos: '1210' },
    ],
    correction: {
      type: 'correction',
      requestId: open.requestId,
      attempt: 1,
      atMs: open.atMs + 60_000,
      correctionId: 'cor_1',
      usage: { input: 10, output: 45 },
      costNanos: '100',
      chargeNanos: '1100',
      source: 'usage of the provider',
    },
  };
}

it('tells every export of a correction once, as the difference, and divides a charge as prices weigh its buckets', async () => {
  const { db } = database();
  const picosPerUnit = { input: 1000n, output: 2000n };
  await new RatingVersions(database()).remember([{ versionId: 'v1', picosPerUnit }], []);
  const meters = { input: 'in', output: 'out' };
  await replaceExportSinks(db, [
    { name: 'events', kind: 'cloudEvents', meters: {} },
    { name: 'meters', kind: 'stripe', meters },
  ]);
  const { exchange, correction } = estimated();
  const directory = temporaryFolder();
  await writeJournal(directory, [...exchange, correction, correction]);
  const ports = createProjectorPorts(database(), () => undefined);
  await projectAll(db, directory, { ports, maxBytes: 1 });

  const rows = await db.selectFrom('outbox').select(['sink', 'kind', 'payload']).orderBy('sink').execute();
  const told = rows.map(({ sink, kind, payload }) => ({ sink, kind, ...(payload as object) }));
  expect(told.filter(({ sink }) => sink === 'events')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'usage', units: { input: 10, output: 50 }, chargeNanos: '1210' }),
      expect.objectContaining({
        kind: 'usage_correction',
        correctionId: 'cor_1',
        units: expect.objectContaining({ output: -5 }),
        costNanos: '-10',
        chargeNanos: '-110',
      }),
    ]),
  );
  expect(told.filter(({ sink }) => sink === 'meters')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'meter_event', meter: 'in', units: '10', chargeNanos: '110' }),
      expect.objectContaining({ kind: 'meter_event', meter: 'out', units: '50', chargeNanos: '1100' }),
      expect.objectContaining({ kind: 'meter_event', meter: 'out', units: '-5', chargeNanos: '-110' }),
    ]),
  );
  expect(told).toHaveLength(5);
});

it('tells no customer of the copies that the product makes of its requests, nor of their corrections', async () => {
  const { db } = database();
  await replaceExportSinks(db, [
    { name: 'events', kind: 'cloudEvents', meters: {} },
    { name: 'meters', kind: 'stripe', meters: { input: 'in', output: 'out' } },
  ]);
  const { exchange, correction } = estimated();
  const copied = exchange.map((fact) =>
    fact.type === 'open' || fact.type === 'final' ? { ...fact, customer: 'default', shadowOf: 'req_original' } : fact,
  );
  const directory = temporaryFolder();
  await writeJournal(directory, [...copied, correction]);
  await projectAll(db, directory, { ports: createProjectorPorts(database(), () => undefined), maxBytes: 1 });

  const applied = await db.selectFrom('correction').select('state').executeTakeFirst();
  expect(applied?.state).toBe('applied');
  expect(await db.selectFrom('outbox').select('payload').execute()).toEqual([]);
});
