import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LiveSandbox } from './live-sandbox.ts';
import { SandboxPatrol } from './sandbox-patrol.ts';

describe('looking after sandboxes', () => {
  afterEach(() => void vi.useRealTimers());

  function world(count: number) {
    const looked: string[] = [];
    const paused: string[] = [];
    const failures: unknown[] = [];
    const refused = new Set<string>();
    /** What a look comes to; at once unless said. */
    const ends = new Map<string, Promise<void>>();
    const all = Array.from({ length: count }, (_, at) => {
      const id = `s${at}`;
      const checkDisk = (): Promise<void> => {
        looked.push(id);
        return ends.get(id) ?? Promise.resolve();
      };
      const live = { record: { id }, isUp: true, isEnded: false, commands: { list: () => [] }, checkDisk };
      return { ...live, sample: () => Promise.resolve() } as unknown as LiveSandbox;
    });
    const patrol = new SandboxPatrol({
      all: () => all,
      isRefused: (id) => refused.has(id),
      pause: ({ record }) => Promise.resolve(paused.push(record.id)),
      troubled: (error) => failures.push(error),
    });
    return { patrol, looked, paused, failures, refused, ends };
  }

  it('looks at each that is up, though no command of it is listed, and though another fails', async () => {
    const { patrol, looked, failures, ends } = world(10);
    ends.set('s0', Promise.reject(new Error('no disk')));
    patrol.round();
    await expect.poll(() => new Set(looked).size).toBe(10);
    expect(failures).toHaveLength(1);
    await patrol.close();
    patrol.round();
    expect(looked).toHaveLength(10);
  });

  it('goes on without those that do not come to an end, and starts none of them twice', async () => {
    vi.useFakeTimers();
    const { patrol, looked, ends } = world(6);
    for (const id of ['s0', 's1', 's2', 's3']) ends.set(id, new Promise(() => undefined));
    patrol.round();
    await vi.advanceTimersByTimeAsync(1000);
    expect(looked).toEqual(['s0', 's1', 's2', 's3']);
    patrol.round();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looked).toEqual(['s0', 's1', 's2', 's3', 's4', 's5']);
    patrol.round();
    await vi.advanceTimersByTimeAsync(1000);
    expect(looked.slice(6)).toEqual(['s4', 's5']);
  });

  it('pauses at once what nobody pays for, however long others take', async () => {
    const { patrol, paused, refused, ends } = world(6);
    for (const id of ['s0', 's1', 's2', 's3']) ends.set(id, new Promise(() => undefined));
    refused.add('s5');
    patrol.round();
    await expect.poll(() => paused).toEqual(['s5']);
  });
});
