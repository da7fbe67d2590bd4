import { Fault } from '../../domain/faults/fault.ts';
import type { CascadeFact } from '../../domain/facts/facts.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { ExplorationBudget, FeatureReader } from '../../routing/index.ts';
import { localKey } from '../../tenants/index.ts';
import { choose, type ChoiceDeps } from '../choice/choose.ts';
import { JobFinder } from '../choice/find-job.ts';
import { type ToldRouting, toRoutingFact, withoutFeatures } from '../choice/routing-fact.ts';

/** A request that is not made. */
export interface PreviewedRequest {
  /** Absent: the job is found by the prompt. */
  readonly job?: string | undefined;
  readonly prompt: string;
}

/** Where a request would go now, and why. */
export interface RoutePreview {
  readonly summary: string;
  readonly reasons: readonly string[];
  readonly model: string;
  readonly chosen: string;
  readonly ranked: readonly string[];
  readonly job: string | null;
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  readonly routing: ToldRouting | null;
  /** Who would be asked in turn; null: one model would answer alone, and the reasons say why. */
  readonly cascade: CascadeFact | null;
}

/** What a preview needs of the running gateway. */
export type PreviewDeps = Pick<
  ChoiceDeps,
  'catalog' | 'signals' | 'learning' | 'sticky' | 'clock' | 'priceOf' | 'cascades'
>;

/** Decides as for a real request of a key that may use everything; nothing is called, spent or recorded. */
export function previewRoute(
  { job, prompt }: PreviewedRequest,
  deps: PreviewDeps,
  requestId: string,
): RoutePreview | Fault {
  const body = { model: job === undefined ? 'auto' : `job/${job}`, messages: [{ role: 'user', content: prompt }] };
  const head = openAIChatInbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) return head;
  const asking = { requestId, key: { ...localKey, name: 'preview' }, controls: { explain: true } };
  const choice = choose(asking, head, {
    ...deps,
    jobs: new JobFinder(),
    reader: new FeatureReader(),
    budget: new ExplorationBudget(),
    isHardLimited: () => false,
    promptText: () => prompt,
  });
  if (Fault.is(choice)) return choice;
  const { decision, routed, cascade } = choice;
  const [summary = '', ...reasons] = decision.reasons;
  return {
    summary,
    reasons,
    model: decision.model,
    chosen: decision.ranked[0]?.id ?? '',
    ranked: decision.ranked.map(({ id }) => id),
    job: choice.job ?? null,
    excluded: decision.excluded,
    routing: routed ? withoutFeatures(toRoutingFact(routed)) : null,
    cascade: cascade?.fact ?? cascade?.heldOut ?? null,
  };
}
