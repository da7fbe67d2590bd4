import type { ResolvedJob, ResolvedModel } from '../../catalog/index.ts';
import type { DispatchResult } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { jobTermsOf } from './job-terms.ts';
import { hostOfAccount } from './own-accounts.ts';
import type { RolloutAssignment, RolloutPort } from './rollout-port.ts';
import { type RouteDeps, type RoutedRequest, routeModels } from './route-models.ts';

/** A decision among the models of a job, or of one side of its rollout. */
export interface SidedRoute {
  readonly decided: ReturnType<typeof routeModels>;
  /** The side that answers; absent without a rollout, and for requests that the candidate is not meant for. */
  readonly rollout?: RolloutSide;
}

/** An assignment with what tells whether its side answered in the end. */
export interface RolloutSide extends RolloutAssignment {
  /** The candidate's own endpoints; absent: both sides may use the same ones. */
  readonly endpoints: ReadonlySet<string> | undefined;
  /** The assigned side could not be asked at all; the other one is. */
  readonly isUnable: boolean;
}

/** A request that a rollout of its job may be about. */
export interface SidedRequest extends RoutedRequest {
  readonly resolvedJob: ResolvedJob | undefined;
  /** What is assigned to a side: a conversation, or the request alone. */
  readonly unit: string;
  /** Finds a candidate that the job does not list yet; undefined when the key may not use it. */
  candidate(name: string): ResolvedModel | undefined;
}

/** What sides are made of. */
export interface SideDeps extends RouteDeps {
  readonly rollouts?: RolloutPort | undefined;
}

interface Sides {
  readonly candidate: RoutedRequest;
  readonly incumbent: RoutedRequest;
  readonly endpoints: ReadonlySet<string> | undefined;
  /** Only decisions for this model differ between the sides. */
  readonly only: string | undefined;
}

/**
 * Routes within the side that a rollout assigns to the unit. When the candidate cannot answer, the others do: nobody's
 * answer depends on an experiment. A candidate that is down stays assigned, since that is what the experiment is to
 * find out; one that could never answer the request takes no part, whichever side was drawn.
 */
export function routeBySide(request: SidedRequest, deps: SideDeps): SidedRoute {
  const { name } = request.job;
  const admitted = name === '' ? request : withoutBarred(request, deps.rollouts?.barred(name));
  const rollout = name === '' ? undefined : deps.rollouts?.assign(name, request.unit);
  const sides = rollout && sidesOf(rollout, admitted);
  if (rollout === undefined || sides === undefined) return { decided: routeModels(admitted, deps) };
  // What is only looked at spends nothing of the job's budget for exploring.
  const look = (side: RoutedRequest): SidedRoute['decided'] =>
    routeModels(side, { ...deps, budget: quiet(deps.budget) });
  const has = (decided: SidedRoute['decided']): boolean =>
    sides.only === undefined || (!Fault.is(decided) && decided.decision.model === sides.only);
  // Both must be about the model: what only one side gives to it would be compared with other requests.
  const wouldHave = (other: SidedRoute['decided']): boolean => Fault.is(other) || has(other);
  const side = { ...rollout, endpoints: sides.endpoints };
  if (rollout.arm === 'incumbent') {
    const decided = routeModels(sides.incumbent, deps);
    // Without a chance of the candidate there is no experiment that the request could belong to.
    if (rollout.propensity >= 1) return { decided, rollout: { ...side, isUnable: false } };
    const other = look(sides.candidate);
    if (!has(decided) || !wouldHave(other) || isUnfit(other)) return { decided };
    if (!Fault.is(decided)) return { decided, rollout: { ...side, isUnable: false } };
    return { decided: Fault.is(other) ? decided : other, rollout: { ...side, isUnable: true } };
  }
  const decided = routeModels(sides.candidate, deps);
  const others = look(sides.incumbent);
  if (Fault.is(decided)) {
    const answered = { decided: Fault.is(others) ? decided : others };
    return isUnfit(decided) ? answered : { ...answered, rollout: { ...side, isUnable: true } };
  }
  const fallbacks = Fault.is(others)
    ? []
    : others.decision.ranked.filter(({ id }) => !decided.decision.ranked.some((one) => one.id === id));
  const { decision, routed } = decided;
  const whole = { routed, decision: { ...decision, ranked: [...decision.ranked, ...fallbacks] } };
  return has(decided) && wouldHave(others)
    ? { decided: whole, rollout: { ...side, isUnable: false } }
    : { decided: whole };
}

/** The candidate was to answer, and somebody else did. */
export function isRescued({ arm, endpoints, isUnable }: RolloutSide, { status, endpoint }: DispatchResult): boolean {
  if (arm !== 'candidate' || status !== 'completed') return false;
  return isUnable || (endpoints !== undefined && endpoint !== undefined && !endpoints.has(endpoint.id));
}

/** Not because it is down: it lacks what the request or the job demands. */
function isUnfit(decided: SidedRoute['decided']): boolean {
  return Fault.is(decided) && decided.code !== 'upstream_overloaded';
}

function withoutBarred(request: SidedRequest, barred: ReadonlySet<string> | undefined): SidedRequest {
  if (barred === undefined || barred.size === 0) return request;
  const models = request.models.filter(({ name }) => !barred.has(name));
  return models.length === 0 ? request : { ...request, models };
}

function sidesOf(rollout: RolloutAssignment, request: SidedRequest): Sides | undefined {
  if (rollout.kind === 'host') return sidesOfHost(rollout, request);
  if (rollout.kind === 'policy') {
    const { resolvedJob } = request;
    if (rollout.settings === undefined || resolvedJob === undefined) return undefined;
    const terms = jobTermsOf({ ...resolvedJob, settings: rollout.settings });
    return { candidate: { ...request, terms }, incumbent: request, endpoints: undefined, only: undefined };
  }
  const known = request.models.find(({ name }) => name === rollout.candidate);
  const candidate = known ?? request.candidate(rollout.candidate);
  const others = request.models.filter((model) => model !== known);
  if (candidate === undefined || others.length === 0) return undefined;
  return {
    candidate: { ...request, models: [candidate] },
    incumbent: { ...request, models: others },
    endpoints: new Set(ownEndpoints(candidate).map(({ id }) => id)),
    only: undefined,
  };
}

/** Both sides choose among all models; one of them is served by the new host alone, or by the others alone. */
function sidesOfHost({ candidate: host, model }: RolloutAssignment, request: RoutedRequest): Sides | undefined {
  const served = request.models.find(({ name }) => name === model);
  if (served === undefined) return undefined;
  const isAtHost = ({ host: { id } }: ResolvedModel['endpoints'][number]): boolean => hostOfAccount(id) === host;
  const there = ownEndpoints(served).filter(isAtHost);
  const elsewhere = served.endpoints.filter((endpoint) => !isAtHost(endpoint));
  if (there.length === 0 || !ownEndpoints(served).some((endpoint) => !isAtHost(endpoint))) return undefined;
  const withEndpoints = (endpoints: ResolvedModel['endpoints']): RoutedRequest => ({
    ...request,
    models: request.models.map((one) => (one === served ? { ...served, endpoints } : one)),
  });
  return {
    candidate: withEndpoints(there),
    incumbent: withEndpoints(elsewhere),
    endpoints: new Set(there.map(({ id }) => id)),
    only: there[0]?.modelName,
  };
}

/** Without those of the models that its configuration names to come after it. */
function ownEndpoints({ endpoints }: ResolvedModel): ResolvedModel['endpoints'] {
  const model = endpoints[0]?.modelName;
  return endpoints.filter(({ modelName }) => modelName === model);
}

function quiet(budget: RouteDeps['budget']): RouteDeps['budget'] {
  return { policyOf: (...asked) => budget.policyOf(...asked), note: () => undefined };
}
