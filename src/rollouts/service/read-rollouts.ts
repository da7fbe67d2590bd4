import type { PromptAssignment, RolledPrompt } from '../../gateway/index.ts';
import type { Rollout } from './rollout-store.ts';

/** Rollouts of the prompt of one job. */
export interface JobPrompts {
  /** In order of making. */
  readonly promoted: PromptAssignment['promoted'];
  readonly last: Rollout;
}

/** What rollouts say together. */
export interface RolloutReading {
  /** The last one of each job that is about who answers. */
  readonly effective: Map<string, Rollout>;
  readonly prompts: Map<string, JobPrompts>;
  /** Models that earlier ones did not let into a job. */
  readonly barred: Map<string, ReadonlySet<string>>;
}

/**
 * Who decides of each job. What a job is told and who answers it are read apart: a prompt that comes in does not undo a
 * model that came in before. `latest`: one per job and candidate.
 */
export function readRollouts(latest: readonly Rollout[]): RolloutReading {
  const effective = new Map<string, Rollout>();
  const prompts = new Map<string, JobPrompts>();
  for (const one of inOrder(latest)) {
    const { job, kind, prompt } = one.plan;
    if (kind !== 'prompt') effective.set(job, one);
    else {
      const promoted: readonly RolledPrompt[] = prompts.get(job)?.promoted ?? [];
      const isIn = one.state.stage === 'promoted' && prompt !== undefined;
      prompts.set(job, { promoted: isIn ? [...promoted, prompt] : promoted, last: one });
    }
  }
  const barred = new Map<string, Set<string>>();
  for (const one of latest) {
    const { job, kind, candidate } = one.plan;
    if (one.state.stage !== 'rolled_back' || kind !== 'model' || effective.get(job) === one) continue;
    barred.set(job, (barred.get(job) ?? new Set()).add(candidate));
  }
  return { effective, prompts, barred };
}

function inOrder(rollouts: readonly Rollout[]): readonly Rollout[] {
  return rollouts.toSorted((left, right) => left.createdAtMs - right.createdAtMs);
}
