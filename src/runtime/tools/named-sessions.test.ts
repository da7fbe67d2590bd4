import { describe, expect, it } from 'vitest';
import type { Clock } from '../../platform/clock.ts';
import type { CodeSession, SessionOwner } from './code-session.ts';
import { NamedSessions } from './named-sessions.ts';

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 };
const opened: SessionOwner[] = [];
const open = (owner: SessionOwner): CodeSession => {
  opened.push(owner);
  const session: Pick<CodeSession, 'close'> = { close: () => Promise.resolve() };
  return session as CodeSession;
};

describe('sessions with names', () => {
  it('of many keys of one customer leave room for the others', async () => {
    const sessions = new NamedSessions(clock, open);
    const openAll = (customer: string): number => {
      let count = 0;
      try {
        for (; count < 100; count += 1) {
          sessions.get({ customer, key: `key-${Math.floor(count / 4)}` }, `name-${count % 4}`);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'shedding' });
      }
      return count;
    };
    expect(openAll('acme')).toBe(16);
    expect(openAll('other')).toBe(16);
    await sessions.close();
  });

  it('are paid by the project of the key, and change with it', async () => {
    const sessions = new NamedSessions(clock, open);
    const owner = { customer: 'acme', key: 'k', project: 'web' };
    const first = sessions.get(owner, 'a');
    expect(opened.at(-1)).toEqual(owner);
    expect(sessions.get(owner, 'a')).toBe(first);
    expect(sessions.get({ ...owner, project: 'shop' }, 'a')).not.toBe(first);
    await sessions.close();
  });
});
