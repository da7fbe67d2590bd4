import { expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { judgeBy } from './judge-by.ts';
import { type LearningParts, LearningService } from './learning-service.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };

function verdict(requestId: string, model: string, value: number): OutcomeFact {
  const about = { job: 'code', model, key: 'shop', host: 'one', outcomeId: `${requestId}-${model}` };
  return { type: 'outcome', requestId, atMs: 1000, kind: 'verified', source: 'verifier', value, ...about };
}

function taught(
  facts: readonly OutcomeFact[],
  judge: LearningParts['judge'] = (_, [first]) => (first?.kind === 'test' ? { ...sure } : undefined),
): { small: number; large: number } {
  const learning = new LearningService({ clock, judge });
  learning.addModels(['small', 'large'].map((model) => ({ model, upstreamModels: [], outputNanos: undefined })));
  for (const fact of facts) learning.note(fact);
  const { quality } = learning.state.jobs.get('code') ?? learning.state.unknownJob;
  return { small: quality[0] ?? Number.NaN, large: quality[1] ?? Number.NaN };
}

const sure = { value: 1, weight: 1, kind: 'test' };

it('a draft that was turned down speaks of its own model, whatever becomes of the request', () => {
  const before = taught([]);
  const drafts = Array.from({ length: 10 }, (_, at) => ({ ...verdict(`r${at}`, 'small', 0), draft: true as const }));
  const after = taught(drafts);
  expect(after.small).toBeLessThan(before.small - 0.1);
  const answers = drafts.map(({ requestId }) => ({ ...verdict(requestId, 'large', 1), kind: 'test' }));
  expect(taught([...drafts, ...answers]).small).toBe(taught([...answers, ...drafts]).small);
  expect(taught([...drafts, ...answers]).large).toBeGreaterThan(after.large);
});

it('an answer that came after drafts teaches nothing: only hard prompts get that far', () => {
  const answers = Array.from({ length: 10 }, (_, at) => ({
    ...verdict(`r${at}`, 'large', 0),
    kind: 'test',
    afterDraft: true as const,
  }));
  expect(taught(answers)).toEqual(taught([]));
});

it('where the rule of the job can say nothing, passes and failures of the verifier count alike', () => {
  const passes = Array.from({ length: 10 }, (_, at) => verdict(`p${at}`, 'small', 1));
  const failures = Array.from({ length: 10 }, (_, at) => ({ ...verdict(`f${at}`, 'small', 0), draft: true as const }));
  const judge: LearningParts['judge'] = (_, outcomes) => judgeBy('test.pass', outcomes);
  const [none, both, failed] = [[], [...passes, ...failures], failures].map((facts) => taught(facts, judge).small);
  expect(failed).toBeLessThan((none ?? 0) - 0.1);
  expect(both).toBeGreaterThan((failed ?? 1) + 0.1);
});

it('a draft that nobody complained about is not acquitted by that, as an answer may be', () => {
  const judge: LearningParts['judge'] = (_, outcomes) => judgeBy('!behaviour.regenerate', outcomes);
  const drafts = Array.from({ length: 10 }, (_, at) => ({ ...verdict(`r${at}`, 'small', 0), draft: true as const }));
  const seen = drafts.map(({ requestId }) => verdict(requestId, 'small', 0));
  expect(taught(drafts, judge).small).toBeLessThan(taught([], judge).small - 0.1);
  expect(taught(seen, judge).small).toBeGreaterThan(taught([], judge).small);
});
