import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { ObjectIndex, type OwnedObject } from './object-index.ts';

const owner = { customer: 'c', key: 'k' };
const stranger = { customer: 'c', key: 'other' };

function file(id: string, createdAtMs: number): OwnedObject {
  return { kind: 'file', id, owner, host: 'h', createdAtMs, body: { id } };
}

describe('the index of owned objects', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'switchyard-objects-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('shows objects to their owner only, newest first', async () => {
    const index = await ObjectIndex.open(directory, silentLogger);
    await Promise.all([index.put(file('f1', 1)), index.put(file('f2', 2))]);
    expect(index.list(owner, 'file').map(({ id }) => id)).toEqual(['f2', 'f1']);
    expect(index.list(owner, 'batch')).toEqual([]);
    expect(index.list(stranger, 'file')).toEqual([]);
    expect(index.find(stranger, 'file', 'f1')).toBeUndefined();
    expect(index.find(owner, 'batch', 'f1')).toBeUndefined();
  });

  it('lets two keys have objects of the same id at two hosts', async () => {
    const index = await ObjectIndex.open(directory, silentLogger);
    await index.put(file('same', 1));
    await index.put({ ...file('same', 1), owner: stranger, host: 'other' });
    expect(index.find(owner, 'file', 'same')?.host).toBe('h');
    expect(index.find(stranger, 'file', 'same')?.host).toBe('other');
  });

  it('knows the latest state after a restart, and nothing that was removed', async () => {
    const index = await ObjectIndex.open(directory, silentLogger);
    await Promise.all([
      index.put(file('f1', 1)),
      index.put({ ...file('f1', 1), models: ['m'] }),
      index.put(file('f2', 2)),
      index.remove(file('f2', 2)),
    ]);
    const next = await ObjectIndex.open(directory, silentLogger);
    expect(next.find(owner, 'file', 'f1')?.models).toEqual(['m']);
    expect(next.find(owner, 'file', 'f2')).toBeUndefined();
  });

  it('starts in spite of a damaged record and of one that was never finished', async () => {
    const index = await ObjectIndex.open(directory, silentLogger);
    await index.put(file('f1', 1));
    writeFileSync(join(directory, 'aa.json'), '{"kind"');
    writeFileSync(join(directory, 'bb.json.tmp'), '{"kind"');
    const next = await ObjectIndex.open(directory, silentLogger);
    expect(next.list(owner, 'file')).toHaveLength(1);
    expect(readdirSync(directory)).not.toContain('bb.json.tmp');
  });
});
