import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { Key } from '../../tenants/index.ts';
import type { ResponseRecord } from './responses-record.ts';
import { ResponsesState, type ResponsesStateDeps } from './responses-state.ts';

const key = { customer: 'c', name: 'k' } as Key;

function turn(number: number, text: string): ResponseRecord {
  const output = [{ type: 'message', content: text }];
  return {
    version: 1,
    ...(number > 0 && { previousResponseId: `r${number - 1}` }),
    input: ['hi'],
    body: { id: `r${number}`, output },
    isKeptByIssuer: false,
  };
}

describe('the history of a stored conversation', () => {
  it('is given up as soon as it cannot fit into a request', async () => {
    const read: string[] = [];
    const text = 'x'.repeat(1000);
    const store = {
      get: (_owner: object, id: string) => {
        read.push(id);
        return Promise.resolve(JSON.stringify(turn(Number(id.slice(1)), text)));
      },
    };
    const config = () => ({ server: { maxBodyBytes: 10_000 } });
    const state = new ResponsesState({ store, config } as unknown as ResponsesStateDeps);
    const history = await state.history(key, turn(900, text));
    expect(Fault.is(history) && history.code).toBe('too_large');
    expect(read.length).toBeLessThan(10);
    const short = await state.history(key, turn(3, text));
    expect(short).toHaveLength(4);
  });
});
