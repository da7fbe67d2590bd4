import { describe, expect, it } from 'vitest';
import { createMemoryJournal } from './memory-journal.ts';
import { finalFact, openFact, readAll } from './test-support.ts';

describe('memory journal', () => {
  it('finds and reads facts like the real one', async () => {
    const journal = createMemoryJournal();
    journal.append(openFact('req_1'), openFact('req_2'));
    await journal.commit(finalFact('req_1'));
    expect((await journal.find('req_1')).map(({ type }) => type)).toEqual(['open', 'final']);
    expect(await readAll(journal)).toEqual(journal.facts());
  });

  it('holds back commits until released', async () => {
    const journal = createMemoryJournal();
    const release = journal.holdCommits();
    let acknowledged = false;
    const waiting = journal.commit(finalFact('req_1')).then(() => {
      acknowledged = true;
    });
    await Promise.resolve();
    expect(acknowledged).toBe(false);
    release();
    await waiting;
    expect(journal.facts()).toHaveLength(1);
  });

  it('refuses work when told to', () => {
    const journal = createMemoryJournal();
    journal.setAccepting(false, 'disk full');
    expect(journal.state()).toMatchObject({ accepting: false, reason: 'disk full' });
  });
});
