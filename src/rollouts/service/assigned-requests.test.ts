import { describe, expect, it } from 'vitest';
import type { DecisionFact, FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { successBy } from '../../routing/index.ts';
import { type AssignedRequest, AssignedRequests } from './assigned-requests.ts';

const request: AssignedRequest = {
  rolloutId: 'rol_1',
  arm: 'candidate',
  propensity: 0.1,
  job: 'support',
  isRescued: false,
  key: 'shop',
  endUser: undefined,
  atMs: 1,
};

function outcome(requestId: string, value: number, change: Partial<OutcomeFact> = {}): OutcomeFact {
  const outcomeId = `${requestId}/${change.kind ?? 'score'}/${value}`;
  return { type: 'outcome', requestId, outcomeId, atMs: 1, kind: 'score', source: 't', value, ...change };
}

function assigned(rule?: string): AssignedRequests {
  return new AssignedRequests((_, told) => successBy(rule, told));
}

describe('what assigned requests were worth', () => {
  it('counts each request once, by the rule of its job, however many outcomes tell of it', () => {
    const requests = assigned('score >= 0.5 && resolved.pass');
    requests.add('r1', request);
    requests.note(outcome('r1', 1, { kind: 'score' }), 0);
    requests.note(outcome('r1', 0, { kind: 'resolved' }), 10);
    requests.note(outcome('r1', 0, { kind: 'resolved' }), 20);
    expect(requests.settle(1_999)).toEqual([]);
    expect(requests.settle(2_000)).toEqual([
      { rolloutId: 'rol_1', seen: { type: 'outcome', arm: 'candidate', propensity: 0.1, success: 0 } },
    ]);
    requests.note(outcome('r1', 1, { kind: 'pass' }), 3_000);
    expect(requests.settle(9_000)).toEqual([]);
  });

  it('is nothing when the other side had to answer, whatever that answer was worth', () => {
    const requests = assigned();
    requests.add('r1', { ...request, isRescued: true });
    requests.note(outcome('r1', 1), 0);
    expect(requests.settle(0, true)[0]?.seen).toMatchObject({ success: 0 });
  });

  it('is not told by a judge alone, nor by weak signs', () => {
    const requests = assigned();
    requests.add('r1', request);
    requests.add('r2', request);
    requests.note(outcome('r1', 1, { kind: 'preference' }), 0);
    requests.note(outcome('r2', 0, { kind: 'regenerate' }), 0);
    expect(requests.settle(0, true)).toEqual([]);
    requests.note(outcome('r1', 1, { kind: 'pass' }), 1);
    expect(requests.settle(0, true)).toHaveLength(1);
  });

  it('is not told by a form that was kept: what is said of the answer later is', () => {
    const requests = assigned();
    for (const requestId of ['r1', 'r2']) requests.add(requestId, request);
    requests.note(outcome('r1', 1, { kind: 'schema', source: 'gateway' }), 0);
    requests.note(outcome('r2', 0, { kind: 'tool_call', source: 'gateway' }), 0);
    expect(requests.settle(2_000).map(({ seen }) => seen)).toMatchObject([{ success: 0 }]);
    expect(requests.settle(60_000)).toEqual([]);
    requests.note(outcome('r1', 0, { kind: 'pass' }), 60_000);
    expect(requests.settle(62_000).map(({ seen }) => seen)).toMatchObject([{ success: 0 }]);
  });

  it('waits for what is said of an answer whose form was kept, where a rule would make that a success', () => {
    const requests = assigned('!behaviour.regenerate');
    for (const requestId of ['r1', 'r2']) {
      requests.add(requestId, request);
      requests.note(outcome(requestId, 1, { kind: 'schema', source: 'gateway' }), 0);
    }
    requests.note(outcome('r1', 0, { kind: 'regenerate', source: 'gateway' }), 30_000);
    expect(requests.settle(59_999).map(({ seen }) => seen)).toMatchObject([{ success: 0 }]);
    expect(requests.settle(60_000).map(({ seen }) => seen)).toMatchObject([{ success: 1 }]);
  });

  it('is bounded by key and by end user, as in routing', () => {
    const requests = assigned();
    for (let at = 0; at < 50; at++) {
      requests.add(`r${at}`, { ...request, endUser: 'one', arm: 'candidate' });
      requests.note(outcome(`r${at}`, 1), 0);
    }
    expect(requests.settle(0, true)).toHaveLength(5);
  });

  it('is not counted before a restart by what could not be counted, and then counts with what is told later', () => {
    const requests = assigned();
    requests.add('r1', request);
    requests.restore(outcome('r1', 0, { kind: 'regenerate' }), () => true);
    requests.restore(outcome('r1', 1, { kind: 'preference' }), () => true);
    expect(requests.settle(9_000, true)).toEqual([]);
    requests.note(outcome('r1', 1, { kind: 'pass' }), 10_000);
    expect(requests.settle(12_000)).toHaveLength(1);
  });

  it('is known again from the journal: what was told before was counted, what is told later counts', () => {
    const requests = assigned();
    const decision = {
      type: 'decision',
      model: 'new',
      rollout: { id: 'rol_1', arm: 'candidate', propensity: 0.1 },
    } as unknown as DecisionFact;
    const final = { type: 'final', model: 'new', job: 'support', key: 'shop', atMs: 1 } as unknown as FinalFact;
    for (const requestId of ['r1', 'r2', 'r3']) {
      requests.restore({ ...decision, requestId }, (id) => id === 'rol_1');
      requests.restore({ ...final, requestId, ...(requestId === 'r3' && { model: 'old' }) }, () => true);
    }
    requests.restore(outcome('r1', 1), () => true);
    for (const requestId of ['r1', 'r2', 'r3']) requests.note(outcome(requestId, 1, { kind: 'pass' }), 0);
    requests.restore(outcome('r1', 0, { kind: 'accepted' }), () => true);
    const successes = requests.settle(0, true).map(({ seen }) => (seen.type === 'outcome' ? seen.success : -1));
    expect(successes).toEqual([1, 0]);
  });
});
