import { describe, expect, it } from 'vitest';
import type { Host } from '../../domain/calls/endpoint.ts';
import { recorded } from './objects-facts.ts';
import { jsonAnswer, type ObjectDeps, type ObjectRequest } from './objects-request.ts';

const host = { id: 'acme' } as unknown as Host;
const work = { operation: 'files', models: [], host } as const;

describe('the record of an object call', () => {
  it('that cannot be written is logged for a key that nobody meters, and ends nothing', async () => {
    const logged: string[] = [];
    const deps = {
      journal: {
        state: () => ({ accepting: true }),
        append: () => undefined,
        commit: () => Promise.reject(new Error('the disk is gone')),
      },
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      board: { begin: () => undefined, end: () => undefined },
      logger: { error: (_fields: object, message: string) => logged.push(message) },
    } as unknown as ObjectDeps;
    const request = { requestId: 'req_1', key: { name: 'dev', customer: 'c', metered: false } };
    const run = () => Promise.resolve(jsonAnswer({}));
    expect(await recorded(request as unknown as ObjectRequest, deps, { work, run })).toEqual(jsonAnswer({}));
    await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toEqual(['facts could not be recorded']);
  });
});
