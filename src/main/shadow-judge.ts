import { Fault } from '../domain/faults/fault.ts';
import { type Judge, judgeHealth, judgePair, type PairVerdict } from '../evals/index.ts';
import { InnerCaller, promptText } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { JudgedPair, ShadowParts } from '../rollouts/index.ts';
import type { Core } from './core.ts';

const judgeTokens = 1024;
const deadlineMs = 60_000;
const mostVerdicts = 500;
const mostJudges = 100;
const scores = { first: 1, second: 0, tie: 0.5 } as const;

/** Judges of copies: models of this gateway that meet the job's demands, watched for their own faults. */
export function createShadowJudge({ gateway, newId }: Pick<Core, 'gateway' | 'newId'>): ShadowParts['judge'] {
  const caller = new InnerCaller({ gateway, clock: systemClock, newId });
  /** Verdicts of each judge in each job: a judge is not sound in general. */
  const seen = new Map<string, PairVerdict[]>();
  return ({ model, criterion }, { candidate, incumbent }, { job, body }) => {
    const [first, second] = [textOf(candidate.result), textOf(incumbent.result)];
    if (first === '' || second === '') return undefined;
    const question = promptText(JSON.parse(body.toString('utf8')));
    const judge: Judge = {
      name: model,
      async ask(prompt) {
        const asked = { model, messages: [{ role: 'user', content: prompt }], max_tokens: judgeTokens, temperature: 0 };
        const { answer, costNanos } = await caller.callAndCount({
          body: asked,
          feature: 'shadow',
          under: job,
          deadlineMs,
        });
        return { text: Fault.is(answer) ? '' : answer.text, costNanos };
      },
    };
    return judgePair(judge, { question, criterion, first, second }).then((verdict): JudgedPair => {
      const verdicts = verdictsOf(seen, `${job}\u0000${model}\u0000${criterion}`);
      verdicts.push(verdict);
      if (verdicts.length > mostVerdicts) verdicts.shift();
      const isTrusted = judgeHealth(verdicts).gate === 'green';
      return { score: scores[verdict.preferred], costNanos: verdict.costNanos, isTrusted };
    });
  };
}

function verdictsOf(seen: Map<string, PairVerdict[]>, name: string): PairVerdict[] {
  const known = seen.get(name);
  if (known) return known;
  if (seen.size >= mostJudges) seen.clear();
  const fresh: PairVerdict[] = [];
  seen.set(name, fresh);
  return fresh;
}

function textOf({ completion }: Parameters<ShadowParts['judge']>[1]['candidate']['result']): string {
  return (completion?.blocks ?? []).map((block) => (block.type === 'text' ? block.text : '')).join('');
}
