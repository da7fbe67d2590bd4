import type { Rollout } from '../../../sdk/index.ts';

/**
 * One file about a model in all jobs that were asked: words first, for people, then the same evidence as JSON between
 * the marks of a code block, for machines.
 */
export function evidenceFile(
  model: string,
  adoptions: readonly { readonly job: string; readonly rollout?: Rollout; readonly problem?: string }[],
): string {
  const rows = adoptions.map(({ job, rollout, problem }) => `- ${job}: ${verdictOf(rollout, problem)}`);
  const texts = adoptions.flatMap(({ job, rollout }) =>
    rollout === undefined ? [] : [`## ${job}`, '', '```text', rollout.text.trimEnd(), '```', ''],
  );
  const data = adoptions.map(({ job, rollout, problem }) => ({
    job,
    id: rollout?.id ?? null,
    stage: rollout?.stage ?? null,
    verdict: rollout?.verdict ?? problem ?? null,
    needsMore: rollout?.needsMore ?? null,
    evidence: rollout?.evidence ?? null,
  }));
  const json = JSON.stringify({ format: 'switchyard-adoption/1', model, jobs: data }, null, 2);
  return [`# ${model}`, '', ...rows, '', ...texts, '## Data', '', '```json', json, '```', ''].join('\n');
}

function verdictOf(rollout: Rollout | undefined, problem: string | undefined): string {
  if (rollout === undefined) return problem ?? 'not begun';
  return `${rollout.stage.replace('_', ' ')}: ${rollout.verdict}`;
}
