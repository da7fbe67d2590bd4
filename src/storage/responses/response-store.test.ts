import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import { ResponseStore, type ResponseStoreLimits } from './response-store.ts';

const owner = { customer: 'c', key: 'k' };
const dayMs = 86_400_000;

describe('the response store', () => {
  let directory: string;
  let laterMs: number;
  let warnings: string[];
  const clock: Clock = { nowMs: () => systemClock.nowMs() + laterMs, monotonicMs: () => 0 };
  const note = (_fields: object, message: string): void => void warnings.push(message);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'switchyard-store-'));
    laterMs = 0;
    warnings = [];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function open(limits: Partial<ResponseStoreLimits> = {}): ResponseStore {
    const logger: Logger = { ...silentLogger, warn: note, error: note };
    return new ResponseStore({ directory, clock, logger, limits });
  }

  function filesOf(): string[] {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  }

  function packsOf(): string[] {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pack'));
  }

  it('finds a record before and after it is written, and in the next process', async () => {
    const store = open();
    store.put(owner, 'r1', 'content');
    expect(await store.get(owner, 'r1')).toBe('content');
    expect(filesOf()).toHaveLength(0);
    await store.settled();
    expect(filesOf()).toHaveLength(1);
    expect(await store.get(owner, 'r1')).toBe('content');
    expect(await open().get(owner, 'r1')).toBe('content');
  });

  it('finds nothing for another key or customer, and names files after neither', async () => {
    const store = open();
    store.put(owner, 'resp_secret', 'content');
    await store.settled();
    expect(await store.get({ customer: 'c', key: 'other' }, 'resp_secret')).toBeUndefined();
    expect(await store.get({ customer: 'other', key: 'k' }, 'resp_secret')).toBeUndefined();
    expect(filesOf().join()).not.toContain('secret');
  });

  it('takes the later of two contents, and forgets what is deleted while it is written', async () => {
    const store = open();
    store.put(owner, 'r1', 'old');
    store.put(owner, 'r1', 'new');
    store.put(owner, 'r2', 'gone');
    expect(await store.delete(owner, 'r2')).toBe(true);
    expect(await store.get(owner, 'r2')).toBeUndefined();
    await store.settled();
    expect(await store.get(owner, 'r1')).toBe('new');
    expect(await store.delete(owner, 'r2')).toBe(false);
    expect(filesOf()).toHaveLength(1);
    expect(store.sizeBytes).toBe(3);
  });

  it('removes the oldest when it is full, those of earlier processes first', async () => {
    const earlier = open();
    earlier.put(owner, 'r0', 'x'.repeat(100));
    await earlier.settled();
    const store = open({ maxBytes: 350 });
    for (const id of ['r1', 'r2', 'r3']) {
      store.put(owner, id, 'x'.repeat(100));
      await store.settled();
    }
    expect(store.sizeBytes).toBe(300);
    expect(await store.get(owner, 'r0')).toBeUndefined();
    expect(await store.get(owner, 'r3')).toBeDefined();
    expect(filesOf()).toHaveLength(3);
  });

  it('keeps nothing longer than the age allows', async () => {
    const store = open({ maxAgeMs: 30 * dayMs });
    store.put(owner, 'r1', 'content');
    await store.settled();
    laterMs = 31 * dayMs;
    expect(await store.get(owner, 'r1')).toBeUndefined();
    store.put(owner, 'r2', 'content');
    await store.settled();
    expect(filesOf()).toHaveLength(1);
  });

  it('drops what a slow disk cannot take, and says so', async () => {
    const store = open({ maxPendingBytes: 10 });
    store.put(owner, 'r1', '12345678');
    store.put(owner, 'r2', '12345678');
    expect(await store.get(owner, 'r2')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('not stored')]);
    await store.settled();
    expect(await store.get(owner, 'r1')).toBe('12345678');
  });

  it('goes on when a record cannot be written, and finds it no more', async () => {
    writeFileSync(join(directory, 'in-the-way'), '');
    const logger: Logger = { ...silentLogger, error: note };
    const store = new ResponseStore({ directory: join(directory, 'in-the-way'), clock, logger });
    store.put(owner, 'r1', 'content');
    await store.settled();
    expect(warnings).toEqual([expect.stringContaining('could not be written')]);
  });

  it('writes together what comes together, and still removes one without a trace', async () => {
    const store = open();
    const ids = Array.from({ length: 40 }, (_, at) => `r${at}`);
    for (const id of ids) store.put(owner, id, `ä content of ${id}.`);
    await store.settled();
    expect(filesOf()).toHaveLength(0);
    expect(packsOf()).toHaveLength(1);
    expect(await store.delete(owner, 'r0')).toBe(true);
    store.put(owner, 'r1', 'another');
    await store.settled();
    const next = open();
    for (const each of [store, next]) {
      expect(await each.get(owner, 'r0')).toBeUndefined();
      expect(await each.get(owner, 'r1')).toBe('another');
      for (const id of ids.slice(2)) expect(await each.get(owner, id)).toBe(`ä content of ${id}.`);
    }
    await next.settled();
    expect(next.sizeBytes).toBe(store.sizeBytes);
    const bytes = packsOf().map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(bytes.join()).not.toContain('content of r0.');
    expect(bytes.join()).not.toContain('content of r1.');
  });

  it('loses nothing that is put while it writes', async () => {
    const store = open();
    for (let at = 0; at < 600; at++) {
      store.put(owner, `r${at}`, `${at}`);
      if (at % 50 === 0) await store.settled();
    }
    await store.settled();
    const next = open();
    for (let at = 0; at < 600; at++) expect(await next.get(owner, `r${at}`)).toBe(`${at}`);
  });

  it('does without a file whose header is damaged', async () => {
    const store = open();
    store.put(owner, 'r1', 'one');
    store.put(owner, 'r2', 'two');
    await store.settled();
    for (const name of packsOf()) writeFileSync(join(directory, name), '[["x",');
    const next = open();
    expect(await next.get(owner, 'r1')).toBeUndefined();
    next.put(owner, 'r1', 'again');
    await next.settled();
    expect(await next.get(owner, 'r1')).toBe('again');
  });

  it('removes what a crash left half written', async () => {
    const store = open();
    store.put(owner, 'r1', 'content');
    await store.settled();
    const [file = ''] = filesOf();
    writeFileSync(join(directory, `${file}.tmp`), 'half');
    await open().settled();
    expect(readdirSync(directory, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.tmp'))).toBe(
      false,
    );
  });
});
