import { expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts.ts';
import { LearningService } from './learning-service.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };

function verdict(requestId: string, model: string, value: number): OutcomeFact {
  const about = { job: 'code', model, key: 'shop', host: 'one', outcomeId: `${requestId}-${model}` };
  return { type: 'outcome', requestId, atMs: 1000, kind: 'verified', source: 'verifier', value, ...about };
}

function taught(facts: readonly OutcomeFact[]): { small: number; large: number } {
  // The rule of the job is about what clients got, and knows no verdicts on drafts.
  const learning = new LearningService({
    clock,
    judge: (_, [first]) => (first?.kind === 'test' ? { ...sure } : undefined),
  });
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
