import { describe, expect, it } from 'vitest';
import { type DatasetSample, dpoDataset, sftDataset } from './build-dataset.ts';

const terms = { licences: new Map([['open-model', 'Apache-2.0']]), consent: 'terms of the customer' };

function sample(requestId: string, changes: Partial<DatasetSample> = {}): DatasetSample {
  const messages = [{ role: 'user', content: 'where is it?' }];
  return { requestId, messages, answer: 'here', model: 'open-model', success: 1, ...changes };
}

describe('a data set of kept requests', () => {
  it('holds right answers once, with their licence and consent, and says what it left out', () => {
    const { rows, leftOut } = sftDataset(
      [
        sample('a'),
        sample('a-again'),
        sample('b', { success: 'unknown' }),
        sample('c', { success: 0 }),
        sample('d', { model: 'closed-model' }),
      ],
      terms,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      requestId: 'a',
      licence: 'Apache-2.0',
      consent: 'terms of the customer',
      messages: [{ role: 'user' }, { role: 'assistant', content: 'here' }],
    });
    expect(leftOut).toEqual({ 'unknown outcome': 1, 'no success': 1, 'no licence': 1, 'no counterpart': 0 });
  });

  it('pairs a right with a wrong answer to the same messages, and no other', () => {
    const other = { messages: [{ role: 'user', content: 'and this?' }] };
    const { rows, leftOut } = dpoDataset(
      [sample('good'), sample('bad', { success: 0, answer: 'nowhere' }), sample('alone', other)],
      terms,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ requestId: 'good', rejectedRequestId: 'bad', rejected: [{ content: 'nowhere' }] });
    expect(leftOut['no counterpart']).toBe(1);
  });

  it('keeps a conversation on one side of the split', () => {
    const samples = Array.from({ length: 300 }, (_, at) => {
      const begin = [{ role: 'user', content: `question ${at % 100}` }];
      const later = [...begin, { role: 'assistant', content: 'x' }, { role: 'user', content: `more ${at}` }];
      return sample(`r${at}`, { messages: at < 100 ? begin : later, answer: `${at}` });
    });
    const sides = new Map<string, Set<string>>();
    for (const { conversation, split } of sftDataset(samples, terms).rows)
      sides.set(conversation, (sides.get(conversation) ?? new Set()).add(split));
    expect(sides.size).toBe(100);
    for (const used of sides.values()) expect(used.size).toBe(1);
    expect([...sides.values()].filter((used) => used.has('validation')).length).toBeGreaterThan(2);
  });
});
