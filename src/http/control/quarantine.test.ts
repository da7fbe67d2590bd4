import { beforeEach, expect, it } from 'vitest';
import { RatingVersions } from '../../catalog/index.ts';
import { createProjectorPorts } from '../../ledger/projector/projector-ports.ts';
import { projectAll, temporaryFolder, writeJournal } from '../../ledger/testing/ledger-harness.ts';
import { randomExchanges } from '../../ledger/testing/random-exchanges.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { readAuditLog } from '../../tenants/index.ts';
import { type ControlHarness, createControlHarness } from './testing/control-harness.ts';

const database = sharedTestDatabase();
let control: ControlHarness;

/** A journal of which one attempt costs another amount than its price gives. */
beforeEach(async () => {
  control = createControlHarness(database());
  const startMs = Date.UTC(2026, 9, 1);
  const made = randomExchanges(5, { random: createSeededRandom(8), startMs, spreadMs: 1000, customers: 1 });
  let isFirst = true;
  const facts = made.facts.map((fact) => {
    if (!isFirst || fact.type !== 'attempt' || !fact.usage) return fact;
    isFirst = false;
    return { ...fact, priceVersionId: 'v1', costNanos: '12345' };
  });
  await new RatingVersions(database()).remember([{ versionId: 'v1', picosPerUnit: { input: 1n } }], []);
  const directory = temporaryFolder();
  await writeJournal(directory, facts);
  await projectAll(database().db, directory, { ports: createProjectorPorts(database(), () => undefined) });
});

async function held(state: 'held' | 'released') {
  const { body } = await control.call('GET', `/operations/quarantine?state=${state}&reason=rating_difference`);
  return body['data'] as readonly { readonly id: string; readonly costNanos: string; readonly release: unknown }[];
}

it('a held fact is released once, with a reason, by who may, and the audit log says so', async () => {
  const [fact] = await held('held');
  expect(fact).toMatchObject({ costNanos: '12345', release: null });
  const path = `/operations/quarantine/${fact?.id}/release`;
  const body = { reason: 'the list price was corrected', acceptDifference: true };
  const token = await control.tokenOf('operator');
  expect((await control.call('POST', path, { body, token })).status).toBe(403);
  expect((await control.call('POST', path, { body: { acceptDifference: true } })).status).toBe(400);
  expect((await control.call('POST', path, { body: { reason: 'so it is' } })).status).toBe(409);
  expect((await control.call('POST', '/operations/quarantine/999999/release', { body })).status).toBe(404);

  const answer = await control.call('POST', path, { body });
  expect(answer).toMatchObject({ status: 200, body: { id: fact?.id, costNanos: '12345' } });
  expect((await control.call('POST', path, { body })).status).toBe(409);
  expect(await held('held')).toEqual([]);
  expect(await held('released')).toMatchObject([{ id: fact?.id, release: { reason: body.reason } }]);
  const records = await readAuditLog(database(), { limit: 10, action: 'quarantine.release' });
  expect(records).toMatchObject([{ subjectId: fact?.id, after: { reason: body.reason, costNanos: '12345' } }]);
});
