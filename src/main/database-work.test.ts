import { expect, it } from 'vitest';
import { startAll } from './database-work.ts';

it('stops what it had started, last first, when a later part cannot be started', async () => {
  const log: string[] = [];
  const begin = async (fails: boolean): Promise<() => Promise<void>> =>
    startAll(async (closers) => {
      closers.push(() => Promise.resolve(log.push('prices stopped')));
      closers.push(() => Promise.resolve(log.push('projector stopped')));
      if (fails) throw new Error('plans could not be read');
      closers.push(() => Promise.resolve(log.push('exports stopped')));
    });
  await expect(begin(true)).rejects.toThrow('plans could not be read');
  expect(log.splice(0)).toEqual(['projector stopped', 'prices stopped']);

  const stop = await begin(false);
  expect(log).toEqual([]);
  await stop();
  expect(log.splice(0)).toEqual(['exports stopped', 'projector stopped', 'prices stopped']);
  await stop();
  expect(log).toEqual([]);
});

it('stops the others although one of them cannot be stopped, and tells of that one', async () => {
  const log: string[] = [];
  const stop = await startAll((closers) => {
    closers.push(() => Promise.resolve(log.push('first stopped')));
    closers.push(() => Promise.reject(new Error('it hangs')));
    return Promise.resolve();
  });
  await expect(stop()).rejects.toThrow('it hangs');
  expect(log).toEqual(['first stopped']);
});
