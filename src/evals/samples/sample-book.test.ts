import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import type { LeftAnswer } from '../../gateway/index.ts';
import { silentLogger } from '../../platform/logger.ts';
import { successBy } from '../../routing/index.ts';
import { SampleBook } from './sample-book.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'switchyard-samples-'));
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

const failed = new Set(['r1']);
const formOnly = new Set<string>();

function openBook(): SampleBook {
  return new SampleBook({
    dataDirectory,
    logger: silentLogger,
    settingsOf: (job) => (job === 'kept' ? { keep: 3, compare: 'exact', nightlyShare: 0 } : undefined),
    outcomesOf: (requestId): OutcomeFact[] => [
      {
        type: 'outcome',
        requestId,
        atMs: 1,
        kind: formOnly.has(requestId) ? 'schema' : 'pass',
        source: 't',
        value: failed.has(requestId) ? 0 : 1,
      },
    ],
    judge: (_, told) => successBy(undefined, told),
  });
}

function left(requestId: string, content: string): LeftAnswer {
  const body = { model: 'job/kept', messages: [{ role: 'user', content }], max_tokens: 9 };
  return {
    job: 'kept',
    received: { inbound: { dialect: 'openai-chat' }, bytes: Buffer.from(JSON.stringify(body)) },
    final: { requestId, status: 'completed', cache: 'bypass' },
    result: { completion: { blocks: [{ type: 'text', text: `to ${content}` }] } },
  } as unknown as LeftAnswer;
}

describe('requests that a job keeps', () => {
  it('are the newest ones, become items where they were a success, and survive a restart', async () => {
    const book = openBook();
    expect([book.wants('kept'), book.wants('other')]).toEqual([true, false]);
    for (let at = 0; at < 9; at++) {
      book.left(left(`r${at}`, `question ${at}`));
      await expect.poll(async () => (await book.items('kept'))[0]?.id).toBe(failed.has(`r${at}`) ? 'r0' : `r${at}`);
    }
    const items = await book.items('kept');
    expect(items.map(({ id }) => id)).toEqual(['r8', 'r7', 'r6']);
    expect(items[0]).toMatchObject({
      messages: [{ role: 'user', content: 'question 8' }],
      maxTokens: 9,
      expected: { exact: 'to question 8' },
    });
    const lines = (): string[] =>
      readFileSync(join(dataDirectory, 'samples', 'kept.ndjson'), 'utf8')
        .trim()
        .split('\n');
    await expect.poll(() => lines().at(-1) ?? '').toContain('question 8');
    expect(lines().length).toBeLessThanOrEqual(6);
    expect((await openBook().items('kept')).map(({ id }) => id)).toContain('r8');
  });

  it('are none on an account of a customer, and name the model that answered', async () => {
    const book = openBook();
    const own = left('own', 'on their account');
    book.left({ ...own, result: { ...own.result, endpoint: { ownAccount: true } } } as unknown as LeftAnswer);
    const ours = left('ours', 'on ours');
    book.left({ ...ours, final: { ...ours.final, model: 'gold' } });
    await expect.poll(async () => (await book.items('kept'))[0]?.id).toBe('ours');
    const items = await book.items('kept');
    expect(items.map(({ id }) => id)).not.toContain('own');
    expect(items[0]?.answeredBy).toBe('gold');
  });

  it('are in the file once each, however many come at once', async () => {
    const book = openBook();
    await book.items('kept');
    for (let at = 0; at < 40; at++) book.left(left(`many-${at}`, `at once ${at}`));
    const ids = (): string[] =>
      readFileSync(join(dataDirectory, 'samples', 'kept.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { requestId: string }).requestId);
    await expect.poll(() => ids().at(-1)).toBe('many-39');
    expect(new Set(ids()).size).toBe(ids().length);
  });

  it('are no items where nothing is known but that a form was kept', async () => {
    const book = openBook();
    formOnly.add('f1');
    book.left(left('f1', 'a form'));
    book.left(left('f2', 'said to be right'));
    await expect.poll(async () => (await book.items('kept'))[0]?.id).toBe('f2');
    expect((await book.items('kept')).map(({ id }) => id)).not.toContain('f1');
  });
});
