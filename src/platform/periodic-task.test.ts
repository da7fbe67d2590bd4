import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeriodicTask } from './periodic-task.ts';

describe('a periodic task', () => {
  let turns = 0;
  let failures: unknown[];
  let turn: () => Promise<void>;
  let task: PeriodicTask;

  beforeEach(() => {
    vi.useFakeTimers();
    turns = 0;
    failures = [];
    turn = () => Promise.resolve();
    task = new PeriodicTask({
      everyMs: 1000,
      turn: () => ((turns += 1), turn()),
      failed: (error) => failures.push(error),
    });
  });
  afterEach(async () => {
    await task.stop();
    vi.useRealTimers();
  });

  it('takes a turn after each interval, once it is started', async () => {
    await vi.advanceTimersByTimeAsync(5000);
    expect(turns).toBe(0);
    task.start();
    await vi.advanceTimersByTimeAsync(3000);
    expect(turns).toBe(3);
  });

  it('begins no turn while one is under way, and joins it', async () => {
    let end = (): void => undefined;
    turn = () => new Promise((resolve) => (end = resolve));
    task.start();
    await vi.advanceTimersByTimeAsync(10_000);
    const joined = task.run();
    expect(turns).toBe(1);
    end();
    await joined;
    await vi.advanceTimersByTimeAsync(1000);
    expect(turns).toBe(2);
    end();
  });

  it('tells of a failed turn and takes the next', async () => {
    turn = () => Promise.reject(new Error('away'));
    task.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect(failures).toEqual([new Error('away'), new Error('away')]);
  });

  it('looks often for a while when it is nudged', async () => {
    task.start();
    task.nudge();
    await vi.advanceTimersByTimeAsync(2000);
    expect(turns).toBe(20);
    await vi.advanceTimersByTimeAsync(1000);
    expect(turns).toBe(21);
  });

  it('comes to its turn though it is nudged all the time', async () => {
    task.start();
    for (let nudges = 0; nudges < 20; nudges += 1) {
      task.nudge();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(turns).toBe(10);
  });

  it('waits for the turn under way when it is stopped, and takes no more', async () => {
    let end = (): void => undefined;
    turn = () => new Promise((resolve) => (end = resolve));
    task.start();
    await vi.advanceTimersByTimeAsync(1000);
    let isStopped = false;
    const stopped = task.stop().then(() => (isStopped = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(isStopped).toBe(false);
    end();
    await stopped;
    await vi.advanceTimersByTimeAsync(10_000);
    task.nudge();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(turns).toBe(1);
  });
});
