import { createGraders } from '../evals/index.ts';
import { CopyCaller } from '../gateway/index.ts';
import type { ShadowParts } from '../rollouts/index.ts';
import type { Core } from './core.ts';
import { createCeiling, graderCaller } from './evals.ts';
import { createShadowJudge } from './shadow-judge.ts';

/** Copies of live requests as the product makes them: through its own gateway, graded by the operator's grader. */
export function shadowParts(core: Pick<Core, 'gateway' | 'newId' | 'state' | 'money' | 'outcomeDesk'>): ShadowParts {
  const { gateway, newId, outcomeDesk } = core;
  const caller = new CopyCaller({ gateway, newId });
  return {
    copy: (received, order) => caller.copy(received, order),
    ceilingNanos: createCeiling(core),
    judge: createShadowJudge(core),
    async grade(url, { result }, { job, body }) {
      const grader = createGraders({ http: { url, caller: graderCaller } }).get('http');
      const blocks = result.completion?.blocks ?? [];
      const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
      const calls = blocks.flatMap((block) =>
        block.type === 'tool-call' ? [{ name: block.name, arguments: block.arguments }] : [],
      );
      const request: unknown = JSON.parse(body.toString('utf8'));
      const http = { job, request: request as { readonly [field: string]: never } };
      return (await grader?.grade({ text, calls }, { http }))?.score ?? null;
    },
    tell: (outcome) => outcomeDesk.noteSeen(outcome),
  };
}
