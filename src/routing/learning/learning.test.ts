import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { encodeFeatures } from '../features/feature-text.ts';
import { decideRoute } from '../route/decide-route.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { judgeBy } from './judge-by.ts';
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
    expect(believed(serviceWith([...good, ...bad.map((fact) => ({ ...fact, expected: 0 }))]))).toBeGreaterThan(0.8);
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

  it('judges what was told again when the rule of its job changes', () => {
    let rule = 'score >= 0.9';
    const learning = new LearningService({ clock, judge: (_, told) => judgeBy(rule, told), ruleOf: () => rule });
    learning.addModels([{ model: 'small', upstreamModels: [], outputNanos: undefined }]);
    for (let at = 0; at < 20; at++) learning.note(outcomeOf(`r${at}`, 0.5));
    const strict = believed(learning);
    learning.rejudge();
    expect(believed(learning)).toBe(strict);
    rule = 'score >= 0.4';
    learning.rejudge();
    learning.replaying(false);
    expect(believed(learning)).toBeGreaterThan(strict + 0.3);
    expect(learning.status()).toMatchObject({ outcomes: 20, alarms: [] });
  });

  it('says when learning about single prompts fails, and goes on', async () => {
    const failures: unknown[] = [];
    const reader = new FeatureReader();
    const learning = new LearningService({
      clock,
      fit: () => ({ parts: Promise.reject(new Error('no thread')), stop: () => undefined }),
      failed: (error) => void failures.push(error),
    });
    learning.replaying(true);
    for (let at = 0; at < 60; at++) {
      const features = encodeFeatures(reader.read(`question number ${at} ${'y'.repeat(at)}`));
      for (const model of ['small', 'large'])
        learning.note(outcomeOf(`r${at}.${model}`, at % 2, { model, features, key: `k${at}` }));
    }
    learning.replaying(false);
    await expect.poll(() => failures.length).toBe(1);
    expect(believed(learning)).toBeGreaterThan(0);
    learning.close();
  });

  it('narrows with more evidence of the same, and covers the truth as often as it says', () => {
    const random = createSeededRandom(36);
    const beliefOf = (values: readonly number[]) => {
      const { state } = serviceWith(values.map((value, at) => outcomeOf(`r${at}`, value, { key: `k${at}` })));
      const belief = state.jobs.get('support') ?? state.unknownJob;
      return { mean: belief.quality[0] ?? 0, error: belief.errors[0] ?? 1, evidence: belief.evidence[0] ?? 0 };
    };
    const half = (count: number): number[] => Array.from({ length: count }, (_, at) => at % 2);
    const grown = [20, 40, 80, 160].map((count) => beliefOf(half(count)));
    for (const [at, { error, evidence }] of grown.entries()) {
      if (at === 0) continue;
      expect(error).toBeLessThan(grown[at - 1]?.error ?? 0);
      expect(evidence).toBeGreaterThan(grown[at - 1]?.evidence ?? Infinity);
    }
    let covered = 0;
    const trials = 60;
    for (let trial = 0; trial < trials; trial++) {
      const rate = 0.3 + 0.65 * random.unit();
      const { mean, error } = beliefOf(Array.from({ length: 100 }, () => Number(random.unit() < rate)));
      if (Math.abs(mean - rate) <= 1.96 * error) covered++;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.92);
  });

  it('learns about single prompts in a thread, from prompts that several models were graded on', async () => {
    const reader = new FeatureReader();
    let nowMs = 0;
    const learning = new LearningService({ clock: { nowMs: () => 1_000_000, monotonicMs: () => nowMs } });
    const names = ['small', 'large'];
    learning.addModels(names.map((model) => ({ model, upstreamModels: [], outputNanos: undefined })));
    expect(learning.state.fit).toBeUndefined();
    const kinds = ['sum up the figures of the table', 'rhyme a verse about the sea'];
    learning.replaying(true);
    for (let at = 0; at < 120; at++) {
      const features = encodeFeatures(reader.read(`${kinds[at % 2] ?? ''} number ${at} please ${'x'.repeat(at)}`));
      for (const [place, model] of names.entries())
        learning.note(outcomeOf(`r${at}.${model}`, place === at % 2 ? 1 : 0, { model, features, key: `k${at}` }));
    }
    learning.replaying(false);
    // The thread may take its time; what it found comes with the next publication.
    await expect
      .poll(
        () => {
          nowMs += 1000;
          learning.note(outcomeOf(`later${nowMs}`, 1));
          return learning.state.fit?.residual !== undefined;
        },
        { interval: 50 },
      )
      .toBe(true);
    const decide = (prompt: string) => {
      const features = encodeFeatures(reader.read(prompt));
      const candidates = names.map((model) => ({
        model,
        endpoints: [{ id: `h/${model}`, price: { input: 1, output: 1 }, weight: 1, okShare: 1 }],
      }));
      const policy = { costWeight: 0, critical: false };
      const job = { name: 'support', found: 'named' as const };
      const decision = decideRoute(learning.state, { job, features, inputTokens: 9, policy, candidates, seed: 1 });
      return Fault.is(decision) ? undefined : [decision.model, decision.level];
    };
    expect(decide('sum up the figures of the table number 7 please')).toEqual(['small', 'prompt']);
    expect(decide('rhyme a verse about the sea number 8 please')).toEqual(['large', 'prompt']);
    learning.close();
  });
});
