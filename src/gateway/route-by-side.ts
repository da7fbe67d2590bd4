import type { ResolvedModel } from '../catalog/index.ts';
import { Fault } from '../domain/fault.ts';
import type { RolloutAssignment, RolloutPort } from './rollout-port.ts';
import { type RouteDeps, type RoutedRequest, routeModels } from './route-models.ts';

/** A decision among the models of a job, or of one side of its rollout. */
export interface SidedRoute {
  readonly decided: ReturnType<typeof routeModels>;
  /** The side that answers; absent without a rollout. */
  readonly rollout?: RolloutAssignment;
}

/**
 * Routes within the side that a rollout assigns to the unit: the candidate alone, or all others. When the candidate
 * cannot answer, the others do: nobody's answer depends on an experiment.
 */
export function routeBySide(
  request: RoutedRequest,
  unit: string,
  deps: RouteDeps & { readonly rollouts?: RolloutPort | undefined },
): SidedRoute {
  const rollout = request.job.name === '' ? undefined : deps.rollouts?.assign(request.job.name, unit);
  if (rollout === undefined) return { decided: routeModels(request, deps) };
  const isCandidate = ({ name }: ResolvedModel): boolean => name === rollout.candidate;
  const candidate = request.models.filter(isCandidate);
  const others = request.models.filter((model) => !isCandidate(model));
  if (candidate.length === 0 || others.length === 0) return { decided: routeModels(request, deps) };
  const withOthers = routeModels({ ...request, models: others }, deps);
  if (rollout.arm === 'incumbent') return { decided: withOthers, rollout };
  const decided = routeModels({ ...request, models: candidate }, deps);
  if (Fault.is(decided)) return { decided: withOthers };
  const fallbacks = Fault.is(withOthers) ? [] : withOthers.ranked;
  return { decided: { ...decided, ranked: [...decided.ranked, ...fallbacks] }, rollout };
}
