import { type Judge, judgePair, type PairVerdict } from '../judge/judge-pair.ts';
import { fail, type Grader, pass, unknown } from './grader.ts';

/** Where a judge's verdicts are gathered, so that its faults can be measured. */
export interface JudgeNotes {
  note(verdict: PairVerdict): void;
}

/**
 * `{"judge": {"question", "criterion", "reference"}}`: a model finds the answer at least as good as the reference, in
 * both orders. A judge never decides alone: its grade stands beside that of another grader.
 */
export function createJudgeGrader(judge: Judge, notes: JudgeNotes): Grader {
  return {
    name: `judge:${judge.name}`,
    version: '1',
    refuses: ({ judge: asked }) =>
      readAsked(asked) ? undefined : 'needs "judge": {"question", "criterion", "reference"}',
    async grade({ text }, { judge: asked }) {
      const read = readAsked(asked);
      if (!read) return unknown('there is nothing to judge by');
      const { question, criterion, reference } = read;
      const verdict = await judgePair(judge, { question, criterion, first: text, second: reference });
      notes.note(verdict);
      const cost = { costNanos: verdict.costNanos };
      if (verdict.refused) return { ...unknown('the judge did not say'), ...cost };
      if (verdict.preferred === 'first') return { ...pass('better than the reference in both orders'), ...cost };
      if (verdict.preferred === 'second') return { ...fail('worse than the reference in both orders'), ...cost };
      const why = verdict.flipped ? 'the verdict turns with the order: a tie' : 'as good as the reference';
      return { score: 0.5, verdict: 'unknown', reasons: [why], ...cost };
    },
  };
}

function readAsked(value: unknown): { question: string; criterion: string; reference: string } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { question, criterion, reference } = value as Partial<Record<string, unknown>>;
  const isAll = typeof question === 'string' && typeof criterion === 'string' && typeof reference === 'string';
  return isAll ? { question, criterion, reference } : undefined;
}
