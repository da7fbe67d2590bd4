import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts.ts';
import { LearningService } from './learning-service.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };

function outcomeOf(requestId: string, value: number, changes: Partial<OutcomeFact> = {}): OutcomeFact {
  const about = { job: 'support', model: 'small', key: 'shop', host: 'one' };
  const plain = { type: 'outcome' as const, requestId, atMs: 1000, kind: 'score', source: 't', value };
  return { ...plain, ...about, outcomeId: `out-${requestId}`, ...changes };
}

function serviceWith(facts: readonly OutcomeFact[]): LearningService {
  const learning = new LearningService({ clock });
  learning.addModels([{ model: 'small', upstreamModels: [], outputNanos: undefined }]);
  learning.replaying(true);
  for (const fact of facts) learning.note(fact);
  learning.replaying(false);
  return learning;
}

/** Expected success of the model in the job. */
function believed(learning: LearningService): number {
  const { state } = learning;
  return (state.jobs.get('support') ?? state.unknownJob).quality[0] ?? Number.NaN;
}

describe('learning from outcomes', () => {
  it('counts an outcome once, however often and in whatever order it comes', () => {
    const facts = Array.from({ length: 12 }, (_, at) => outcomeOf(`r${at}`, at % 3 === 0 ? 0 : 1));
    const { id } = serviceWith(facts).state;
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts, ...facts], { minLength: 24, maxLength: 24 }), (shuffled) => {
        expect(serviceWith(shuffled).state.id).toBe(id);
      }),
      { numRuns: 20 },
    );
  });

  it('returns to the prior when all outcomes are retracted', () => {
    const facts = Array.from({ length: 30 }, (_, at) => outcomeOf(`r${at}`, at % 2));
    const retractions = facts.map((fact) => {
      const { value: _, ...rest } = fact;
      return { ...rest, outcomeId: `back-${fact.requestId}`, retracts: fact.outcomeId ?? '', atMs: 2000 };
    });
    const prior = serviceWith([]).state;
    const after = serviceWith([...facts, ...retractions]).state;
    expect(serviceWith(facts).state.id).not.toBe(prior.id);
    expect(after.id).toBe(prior.id);
    expect(serviceWith([...retractions, ...facts]).state.id).toBe(prior.id);
  });

  it('takes the last word of a request that is told several times', () => {
    const corrected = outcomeOf('r1', 1, { outcomeId: 'second', supersedes: 'out-r1', atMs: 2000 });
    expect(believed(serviceWith([outcomeOf('r1', 0), corrected]))).toBe(
      believed(serviceWith([outcomeOf('r1', 1, { outcomeId: 'second', atMs: 2000 })])),
    );
  });

  it('refuses scores that are none, and stays as it was', () => {
    const before = serviceWith([]).state.id;
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY, -1, 2, 1e308];
    expect(serviceWith(wrong.map((value, at) => outcomeOf(`r${at}`, value))).state.id).toBe(before);
  });

  it('bounds what the outcomes of one key can move beside those of others', () => {
    const honest = Array.from({ length: 150 }, (_, at) => outcomeOf(`h${at}`, 1, { key: `k${at % 3}` }));
    const poison = Array.from({ length: 5000 }, (_, at) => outcomeOf(`p${at}`, 0, { key: 'bad' }));
    expect(believed(serviceWith(honest))).toBeGreaterThan(0.9);
    expect(believed(serviceWith([...honest, ...poison]))).toBeGreaterThan(0.3);
    const crowd = poison.map((fact, at) => ({ ...fact, key: 'shop', endUser: `u${at % 2}` }));
    expect(believed(serviceWith([...honest, ...crowd]))).toBeGreaterThan(0.85);
  });

  it('notices a model that became worse, and believes its past a tenth from then on', () => {
    const good = Array.from({ length: 60 }, (_, at) => outcomeOf(`g${at}`, 1, { expected: 0.95, key: `k${at}` }));
    const bad = Array.from({ length: 8 }, (_, at) => outcomeOf(`b${at}`, 0, { expected: 0.95, key: `k${at}` }));
    const steady = serviceWith(good);
    expect(steady.status().alarms).toEqual([]);
    const shaken = serviceWith([...good, ...bad]);
    expect(shaken.status().alarms).toMatchObject([{ model: 'small', host: undefined }]);
    expect(believed(shaken)).toBeLessThan(0.65);
    expect(believed(serviceWith([...good, ...bad.map(({ expected: _, ...rest }) => rest)]))).toBeGreaterThan(0.8);
  });

  it('blames the host when the same model does well at another one', () => {
    const facts = Array.from({ length: 40 }, (_, at) =>
      outcomeOf(`r${at}`, at < 20 ? 1 : at % 2, {
        expected: 0.95,
        host: at % 2 === 0 ? 'one' : 'two',
        key: `k${at}`,
        atMs: 1000 + at,
      }),
    );
    const learning = serviceWith(facts);
    expect(learning.status().alarms.every(({ host }) => host === 'one')).toBe(true);
    expect(learning.status().alarms.length).toBeGreaterThan(0);
    expect(learning.hostFactor('small', 'two')).toBe(1);
  });
});
