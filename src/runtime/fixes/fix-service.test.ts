import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/logger.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import type { GuestFile } from '../contract.ts';
import { FailureBook, type ToldFailure } from './failure-book.ts';
import { failureReport } from './failure-report.ts';
import { listFailures, pruneFailures } from './failure-store.ts';
import { readPairs } from './fix-pairs.ts';
import type { FixSpec, FixTrail } from './fix-record.ts';
import { FixService, type FixServiceDeps } from './fix-service.ts';
import { beginAttempt, claimFix, findFix, finishFix, readFixedFiles } from './fix-store.ts';
import type { FixAnswer, FixAttempt, FixOutcome } from './fix-types.ts';
import { ModelFixer } from './model-fixer.ts';
import { runSubject } from './run-subject.ts';
import { toyRunner } from './testing/toy-runner.ts';

const file = (path: string, text: string): GuestFile => ({ path, bytes: Buffer.from(text) });
const bounds = { maxNanos: 1_000_000n, maxAttempts: 3, protect: [], checks: [], appChecks: [] };
const spec: FixSpec = { ...bounds, payer: {}, promote: { to: 'preview' } };
const right = JSON.stringify({ files: [{ path: 'main.toy', content: 'push 1\nadd' }] });

describe('the service of fixes', () => {
  let opened: TestDatabase;
  let nowMs = 1_790_000_000_000;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const newId = createIdSource(clock, createSystemRandom());
  const services: FixService[] = [];
  const outcomes: FixOutcome[] = [];
  const asked: string[] = [];
  let answers: Partial<FixAnswer>[] = [];

  beforeAll(async () => {
    opened = await openTestDatabase();
  });
  afterAll(() => opened.close());
  // One that goes on would take up what the next test is about.
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
  });

  const book = (): FailureBook =>
    new FailureBook({
      clock,
      newId,
      logger: silentLogger,
      sealer: () => ({
        seal: (plain) => Buffer.from(plain).toString('base64'),
        open: (sealed) => Buffer.from(sealed, 'base64').toString(),
      }),
      database: () => opened.database,
    });

  function serviceWith(failures: FailureBook, more: Partial<FixServiceDeps> = {}): FixService {
    const tell = (outcome: FixOutcome): Promise<void> => Promise.resolve(void outcomes.push(outcome));
    const fixer = new ModelFixer({
      clock,
      newId,
      tell,
      ceilingNanos: () => 100_000n,
      ask({ requestId }) {
        asked.push(requestId);
        const said = { decisionId: null, model: 'coder', host: 'fake', text: right, costNanos: 10n };
        return Promise.resolve({ ...said, ...answers.shift() });
      },
    });
    const service = new FixService({
      clock,
      newId,
      tell,
      fixer,
      failures,
      logger: silentLogger,
      workerId: newId('wrk'),
      database: () => opened.database,
      subjectOf: ({ program, environment }) => {
        const run = program?.run;
        if (run === undefined) return Promise.resolve(new Fault('not_found'));
        return Promise.resolve(runSubject({ runner: toyRunner(), program: { run }, environment, checks: [] }));
      },
      pairs: () => ({
        keep: true,
        customers: ['acme'],
        licenceOf: (model) => (model === 'coder' ? 'allowed' : 'unknown'),
      }),
      modelOf: () => Promise.resolve('coder'),
      ...more,
    });
    services.push(service);
    service.start();
    return service;
  }

  const told = (subject: string, more: Partial<ToldFailure> = {}): ToldFailure => ({
    kind: 'run',
    subject,
    customer: 'acme',
    requestId: 'req_1',
    report: failureReport({
      status: 'failed',
      exit: { code: 1, signal: null },
      limitsHit: [],
      stdout: '',
      stderr: 'no\n',
      paths: [],
      hide: (text) => text,
    }),
    program: { run: { language: 'shell', files: [file('main.toy', 'fail no')], stdin: Buffer.from('1') } },
    environment: { API_KEY: 'the-secret-value' },
    ...more,
  });

  async function ended(id: string): Promise<FixTrail> {
    for (;;) {
      const trail = await findFix(opened.database, id);
      if (trail && trail.state !== 'queued' && trail.state !== 'running') return trail;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('keeps failures with their variables sealed, finds them in memory and in the database, and keeps them bounded', async () => {
    const failures = book();
    const noted = failures.note(told('run_kept'));
    await failures.settled();
    const row = await opened.database.db
      .selectFrom('failure')
      .selectAll()
      .where('id', '=', noted.id)
      .executeTakeFirst();
    const unsealed = `${JSON.stringify(row?.report)} ${row?.sealed} ${row?.program?.toString('latin1')}`;
    expect(unsealed).not.toContain('the-secret-value');
    for (const one of [failures, book()]) {
      expect(await one.find({ subject: 'run_kept' }, opened.database)).toMatchObject({
        failure: noted,
        environment: { API_KEY: 'the-secret-value' },
        program: { run: { files: [{ path: 'main.toy' }] } },
      });
    }
    for (let more = 0; more < 3; more++) {
      nowMs += 1;
      failures.note(told(`run_more${more}`));
    }
    await failures.settled();
    await pruneFailures(opened.database, 2);
    const left = await listFailures(opened.database, { limit: 10 });
    expect(left.map(({ subject }) => subject)).toEqual(['run_more2', 'run_more1']);
  });

  it('works on a wish, once for a failure, and keeps the files, the pair and what a person thought', async () => {
    const failures = book();
    const service = serviceWith(failures);
    failures.note(told('run_one'));
    const wanted = { of: { subject: 'run_one' }, spec, requestedBy: 'owner' } as const;
    const [first, second] = await Promise.all([
      service.request(opened.database, wanted),
      service.request(opened.database, wanted),
    ]);
    expect(second.id).toBe(first.id);
    expect(await ended(first.id)).toMatchObject({ state: 'fixed', spentNanos: 10n, attempts: [{ verdict: 'passed' }] });
    const files = await readFixedFiles(opened.database, first.id);
    expect(files?.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['push 1\nadd']);
    const pairs = [];
    for await (const pair of readPairs(opened.database, { licences: ['allowed'] })) pairs.push(pair);
    expect(pairs).toMatchObject([
      { fixId: first.id, customer: 'acme', author: { model: 'coder', licence: 'allowed' } },
    ]);
    await service.accept(opened.database, first.id, false);
    expect(outcomes.at(-1)).toMatchObject({ kind: 'accepted', value: 0, source: 'human' });
    await expect(service.accept(opened.database, 'fix_none', true)).rejects.toThrow('There is no fix');
  });

  it('keeps no pair of a customer who did not consent', async () => {
    const failures = book();
    const service = serviceWith(failures);
    failures.note(told('run_globex', { customer: 'globex' }));
    const fix = await service.request(opened.database, { of: { subject: 'run_globex' }, spec, requestedBy: 'owner' });
    expect((await ended(fix.id)).state).toBe('fixed');
    for await (const pair of readPairs(opened.database, { licences: ['allowed', 'unknown', 'forbidden'] }))
      expect(pair.customer).toBe('acme');
  });

  it('asks nobody about what does not fail any more, and refuses what was not kept', async () => {
    const failures = book();
    const service = serviceWith(failures);
    const run = { language: 'shell', files: [file('main.toy', 'push 1')], stdin: Buffer.from('1') } as const;
    failures.note(told('run_fine', { program: { run } }));
    const before = asked.length;
    const fix = await service.request(opened.database, { of: { subject: 'run_fine' }, spec, requestedBy: 'owner' });
    expect(await ended(fix.id)).toMatchObject({ state: 'unfixed', reason: 'not_reproduced', spentNanos: 0n });
    expect(asked).toHaveLength(before);
    failures.note(told('run_large', { program: {} }));
    const large = { of: { subject: 'run_large' }, spec, requestedBy: 'owner' };
    await expect(service.request(opened.database, large)).rejects.toThrow('too large');
    const unknown = { of: { subject: 'run_unknown' }, spec, requestedBy: 'owner' };
    await expect(service.request(opened.database, unknown)).rejects.toThrow('No failure of run_unknown');
  });

  it('takes up what a dead gateway left: its question counts, with all that was set aside', async () => {
    const failures = book();
    const idle = serviceWith(failures, { database: () => undefined });
    failures.note(told('run_left'));
    const narrow = { ...spec, maxNanos: 150_000n };
    const wanted = { of: { subject: 'run_left' }, spec: narrow, requestedBy: 'owner' };
    const fix = await idle.request(opened.database, wanted);
    const claimed = await claimFix(opened.database, { by: 'dead', nowMs, untilMs: nowMs + 1000 });
    expect(claimed?.id).toBe(fix.id);
    const held = { id: fix.id, by: 'dead' };
    await beginAttempt(opened.database, held, { number: 1, requestId: 'req_lost', reservedNanos: 100_000n });
    // While the claim holds nobody else takes it up.
    expect(await claimFix(opened.database, { by: 'other', nowMs, untilMs: nowMs + 1000 })).toBeUndefined();
    nowMs += 2000;
    const before = asked.length;
    const service = serviceWith(book());
    failures.note(told('run_wake'));
    await failures.settled();
    await service.request(opened.database, { of: { subject: 'run_wake' }, spec, requestedBy: 'owner' });
    expect(await ended(fix.id)).toMatchObject({
      state: 'unfixed',
      reason: 'cap',
      spentNanos: 100_000n,
      attempts: [{ number: 1, requestId: 'req_lost', verdict: 'no_answer', costNanos: null }],
    });
    // Only the other one asked.
    expect(asked.length - before).toBeLessThanOrEqual(1);
  });

  it('counts refused patches', async () => {
    const failures = book();
    const service = serviceWith(failures);
    failures.note(told('run_refused'));
    answers = [{ text: 'no' }, { text: JSON.stringify({ delete: ['tests/want'] }) }];
    const fix = await service.request(opened.database, { of: { subject: 'run_refused' }, spec, requestedBy: 'owner' });
    expect(await ended(fix.id)).toMatchObject({ state: 'fixed', refusedPatches: 2, spentNanos: 30n });
  });

  it('leaves a fix alone that another took up meanwhile: it asks, keeps and ends nothing', async () => {
    const failures = book();
    failures.note(told('run_taken'));
    const late: unknown[] = [];
    const service = serviceWith(failures, {
      fixer: {
        async fix({ begin, attempted, signal }) {
          const taken = { claimed_by: 'other', claimed_until_ms: BigInt(nowMs + 60_000) };
          await opened.database.db.updateTable('fix').set(taken).where('state', '=', 'running').execute();
          await begin?.({ number: 1, requestId: 'req_late', reservedNanos: 1n }).catch((error) => late.push(error));
          await attempted?.(lateAttempt).catch((error) => late.push(error));
          return { reason: signal?.aborted === true ? 'cancelled' : 'fixed', ...lateResult };
        },
      },
    });
    const fix = await service.request(opened.database, { of: { subject: 'run_taken' }, spec, requestedBy: 'owner' });
    while (late.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await service.close();
    expect(late).toMatchObject([{ code: 'conflict' }, { code: 'conflict' }]);
    const trail = await findFix(opened.database, fix.id);
    expect(trail).toMatchObject({ state: 'running', attempts: [], spentNanos: 0n });
    const end = { id: fix.id, by: 'other', reason: null, detail: null, patch: '', runId: null, version: null };
    await finishFix(opened.database, { ...end, state: 'unfixed', files: undefined, atMs: nowMs });
    expect(await findFix(opened.database, fix.id)).toMatchObject({ state: 'unfixed' });
  });
});

const lateAttempt: FixAttempt = {
  number: 1,
  requestId: 'req_late',
  decisionId: null,
  model: 'coder',
  host: 'fake',
  promptDigest: '',
  costNanos: 10n,
  reservedNanos: 100n,
  patch: '',
  refusals: [],
  verdict: 'passed',
  checks: [],
  isHidden: false,
  failure: null,
  detail: null,
  startedAtMs: 0,
  totalMs: 0,
};
const lateResult = {
  isFixed: true,
  detail: null,
  attempts: [lateAttempt],
  spentNanos: 10n,
  files: [file('main.toy', 'push 1\nadd')],
  patch: 'a patch',
};
