import type { ResolvedModel } from '../../catalog/index.ts';
import type { Capabilities, Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { type Circumstances, selectPrices } from '../../domain/rating/select-prices.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RequestHead } from '../../protocols/index.ts';
import {
  type Decision,
  decideRoute,
  type Demands,
  encodeFeatures,
  type ExplorationBudget,
  explainRoute,
  hash32,
  type KnownModel,
  type LearningService,
  type RouteCandidate,
  type RoutedDecision,
  type RoutedJob,
  type RouteEndpoint,
  type RouteInput,
  type StickyMap,
  unfit,
} from '../../routing/index.ts';
import type { Signals } from '../../signals/index.ts';
import type { JobTerms } from './job-terms.ts';
import type { MoneyPorts } from '../money/money-ports.ts';
import type { ReadPrompt } from './prompt-embedder.ts';

/** What routing a request among several models needs to know. */
export interface RouteDeps {
  readonly clock: Clock;
  readonly signals: Signals;
  readonly learning: LearningService;
  readonly budget: Pick<ExplorationBudget, 'policyOf' | 'note'>;
  readonly sticky: StickyMap;
  readonly priceOf: MoneyPorts['priceOf'];
}

/** A request as far as routing looks at it. */
export interface RoutedRequest {
  readonly requestId: string;
  readonly key: string;
  readonly head: RequestHead;
  readonly job: RoutedJob;
  readonly terms: JobTerms;
  /** Candidates in the configured order. */
  readonly models: readonly ResolvedModel[];
  readonly conversation: string | undefined;
  /** The key has a hard limit, so that nothing may run whose price is unknown. */
  readonly needsPrice: boolean;
  /** Input tokens of what the job tells the model besides. */
  readonly promptTokens?: number;
  features(): ReadPrompt | undefined;
}

/** How a model was chosen among candidates: everything to record and replay it. */
export interface Routed {
  readonly decision: RoutedDecision;
  readonly input: RouteInput;
}

/** A decision for dispatch, with how it came about. */
export interface RoutedChoice {
  readonly decision: Decision;
  readonly routed: Routed;
}

/** Latency at these shares of the answers weighs hosts: slow ones are judged by their slow answers. */
const slowAnswers = 0.75;
const slowSpeeds = 0.25;
const fewestMeasured = 5;

/** Chooses among the models of a job. The decision's order holds endpoints of all models, the chosen one's first. */
export function routeModels(request: RoutedRequest, deps: RouteDeps): RoutedChoice | Fault {
  const { job, terms } = request;
  const { learning, budget, clock } = deps;
  const groups = request.models.map(groupOf);
  if (groups.some(({ model }) => learning.isNew(model)))
    learning.addModels(groups.filter(({ model }) => learning.isNew(model)).map(asKnown));
  const inputTokens = inputTokensOf(request);
  const candidates = new CandidateReader(request, inputTokens, deps).read(groups);
  const explored = budget.policyOf(job.name, terms.exploration, {
    nowMs: clock.nowMs(),
    outcomes: learning.outcomesOf(job.name),
  });
  const features = request.models.length > 1 ? request.features() : undefined;
  const input: RouteInput = {
    job,
    inputTokens,
    policy: { ...terms.policy, exploration: terms.policy.critical ? undefined : explored },
    candidates,
    seed: hash32(request.requestId),
    ...(features && { features: encodeFeatures(features) }),
    ...(features?.by !== undefined && { featuresBy: features.by }),
  };
  const decision = decideRoute(learning.state, input);
  if (Fault.is(decision)) return explainEmpty(candidates, groups, deps) ?? decision;
  noteCost(decision, request, deps);
  return { decision: asDecision(decision, groups, job), routed: { decision, input } };
}

function inputTokensOf({ head, promptTokens = 0 }: RoutedRequest): number {
  return head.operation === 'generate' ? head.estimateInputTokens() + promptTokens : 0;
}

/** A candidate's own endpoints, and those of its fallbacks, which only come when all candidates have failed. */
interface ModelGroup {
  readonly model: string;
  readonly own: readonly Endpoint[];
  /** Other models that its configuration names to come after it. */
  readonly fallbacks: readonly Endpoint[];
}

/** Models change with the configuration, and requests come by the thousand. */
const knownGroups = new WeakMap<ResolvedModel, ModelGroup>();

function groupOf(resolved: ResolvedModel): ModelGroup {
  const known = knownGroups.get(resolved);
  if (known) return known;
  const group = splitModel(resolved);
  knownGroups.set(resolved, group);
  return group;
}

function splitModel({ name, endpoints }: ResolvedModel): ModelGroup {
  const model = endpoints[0]?.modelName ?? name;
  const own = endpoints.filter((endpoint) => endpoint.modelName === model);
  return { model, own, fallbacks: endpoints.filter((endpoint) => endpoint.modelName !== model) };
}

function asKnown({ model, own }: ModelGroup): KnownModel {
  const prices = own.flatMap(({ price }) => price?.picosPerUnit.output ?? []);
  const cheapest = prices.reduce<bigint | undefined>(
    (least, one) => (least === undefined || one < least ? one : least),
    undefined,
  );
  return {
    model,
    upstreamModels: own.map(({ upstreamModel }) => upstreamModel),
    outputNanos: cheapest === undefined ? undefined : Number(cheapest) / 1000,
  };
}

class CandidateReader {
  readonly #request: RoutedRequest;
  readonly #deps: RouteDeps;
  readonly #demands: Demands;
  readonly #nowMs: number;
  readonly #warm: { readonly endpointId: string; readonly tokens: number } | undefined;

  constructor(request: RoutedRequest, inputTokens: number, deps: RouteDeps) {
    const { head, terms, needsPrice, conversation } = request;
    this.#request = request;
    this.#deps = deps;
    this.#nowMs = deps.clock.nowMs();
    this.#warm = conversation === undefined ? undefined : deps.sticky.seat(conversation);
    const generates = head.operation === 'generate';
    this.#demands = {
      ...terms.demands,
      capabilities: generates ? neededBy(head, terms.demands.capabilities) : terms.demands.capabilities,
      inputTokens,
      needsPrice,
    };
  }

  read(groups: readonly ModelGroup[]): readonly RouteCandidate[] {
    const { critical, floor } = this.#request.terms.policy;
    // Nobody has held fallbacks against the floor of the job.
    const isJudged = critical && floor !== undefined;
    const candidates = groups.map(({ model, own, fallbacks }) => {
      const endpoints = own.map((endpoint) => this.#endpoint(model, endpoint));
      if (isJudged || fallbacks.length === 0) return { model, endpoints };
      const isCandidate = (id: string): boolean => groups.some((group) => group.own.some((one) => one.id === id));
      const later = `a fallback of ${model}`;
      const others = fallbacks.filter(({ id }) => !isCandidate(id));
      const behind = others.map((endpoint) => ({ ...this.#endpoint(endpoint.modelName, endpoint), later }));
      return { model, endpoints: [...endpoints, ...behind] };
    });
    return this.#withinLatency(candidates);
  }

  #endpoint(model: string, endpoint: Endpoint): RouteEndpoint {
    const { signals, learning } = this.#deps;
    const { inputTokens } = this.#demands;
    const prices = this.#pricesOf(endpoint);
    const own = signals.of(endpoint.id);
    const health = own.health(inputTokens);
    const availability = own.availability();
    const waitS =
      availability.state === 'ready' ? 0 : Math.ceil((availability.untilMs - this.#deps.clock.monotonicMs()) / 1000);
    const excluded =
      unfit(endpoint, this.#demands, prices) ??
      (availability.state === 'open' ? `its circuit is open for ${waitS} s` : undefined);
    const later = availability.state === 'cooling' ? `rate limited for ${waitS} s` : undefined;
    const isWarm = this.#warm?.endpointId === endpoint.id;
    return {
      id: endpoint.id,
      price: prices.token,
      weight: endpoint.weight,
      okShare: health.okShare * learning.hostFactor(model, endpoint.host.id),
      firstTokenMs: health.firstTokenMs(slowAnswers),
      tokensPerSecond: health.tokensPerSecond(slowSpeeds),
      warmTokens: isWarm ? Math.min(inputTokens, this.#warm?.tokens ?? 0) : undefined,
      excluded,
      later,
    };
  }

  /** Prices of this call's size and hour. Numbers are for weighing only: what is charged never passes here. */
  #pricesOf(endpoint: Endpoint) {
    if (endpoint.ownAccount) return { inputPicos: 0n, outputPicos: 0n, token: { input: 0, output: 0 } };
    const { price, contract } = this.#deps.priceOf(endpoint, this.#nowMs, this.#request.key);
    if (!price) return { inputPicos: undefined, outputPicos: undefined, token: undefined };
    const circumstances: Circumstances = {
      startedAtMs: this.#nowMs,
      totalInput: this.#demands.inputTokens,
      servedTier: undefined,
      batch: false,
      region: endpoint.region,
    };
    const { picosPerUnit } = selectPrices(price, circumstances);
    const { input, output, cacheRead } = picosPerUnit;
    const nanos = (picos: bigint): number => (Number(picos) / 1000) * (Number(contract?.ratioPpm ?? 1_000_000n) / 1e6);
    // Embeddings have no output to price.
    const outputOrNone = output ?? (this.#request.head.operation === 'generate' ? undefined : 0n);
    const token =
      input === undefined || outputOrNone === undefined
        ? undefined
        : {
            input: nanos(input),
            output: nanos(outputOrNone),
            ...(cacheRead !== undefined && { cacheRead: nanos(cacheRead) }),
          };
    return { inputPicos: input, outputPicos: outputOrNone, token };
  }

  /** A latency that nobody keeps excludes nobody: late is better than never. */
  #withinLatency(candidates: readonly RouteCandidate[]): readonly RouteCandidate[] {
    const { latency } = this.#request.terms;
    if (!latency) return candidates;
    const { percentile, firstTokenMs } = latency;
    const isSlow = ({ id }: RouteEndpoint): boolean => {
      const health = this.#deps.signals.of(id).health(this.#demands.inputTokens);
      if (health.attempts < fewestMeasured) return false;
      return (health.firstTokenMs(percentile / 100) ?? 0) > firstTokenMs;
    };
    const isIn = (endpoint: RouteEndpoint): boolean => endpoint.excluded === undefined && !isSlow(endpoint);
    if (!candidates.some(({ endpoints }) => endpoints.some(isIn))) return candidates;
    const excluded = `p${percentile} of its first token is over ${firstTokenMs} ms`;
    return candidates.map(({ model, endpoints }) => ({
      model,
      endpoints: endpoints.map((one) => (one.excluded === undefined && isSlow(one) ? { ...one, excluded } : one)),
    }));
  }
}

/** Settings that a model ignores harm nothing; a schema it cannot hold to is checked on its answer. */
const features = ['tools', 'images', 'audio', 'documents', 'reasoning'] as const;

function neededBy(head: RequestHead, demanded: readonly (keyof Capabilities)[]): readonly (keyof Capabilities)[] {
  const asked = head.features();
  const needed = features.filter((feature) => asked[feature]);
  return needed.length === 0 ? demanded : [...new Set([...demanded, ...needed])];
}

/** When only open circuits are left the client may come again; anything else is a fault of the request or its job. */
function explainEmpty(
  candidates: readonly RouteCandidate[],
  groups: readonly ModelGroup[],
  { signals, clock }: RouteDeps,
): Fault | undefined {
  const open = candidates
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ excluded }) => excluded?.startsWith('its circuit is open') === true);
  const [first] = open;
  if (!first) return undefined;
  const waits = groups.flatMap(({ own }) =>
    own.flatMap(({ id }) => {
      const availability = signals.of(id).availability();
      return availability.state === 'open' ? [availability.untilMs - clock.monotonicMs()] : [];
    }),
  );
  const message = `No endpoint can take the request now: ${open.map(({ id, excluded }) => `${id}: ${excluded}`).join('; ')}.`;
  return new Fault('upstream_overloaded', { message, retryAfterMs: Math.max(0, Math.min(...waits)) });
}

function noteCost(decision: RoutedDecision, { job }: RoutedRequest, { budget, clock }: RouteDeps): void {
  const costOf = (model: string | undefined): number | undefined =>
    decision.candidates.find((one) => one.model === model)?.costNanos;
  const chosenNanos = costOf(decision.model) ?? 0;
  const bestNanos = decision.reason === 'exploration' ? (costOf(decision.runnerUp) ?? chosenNanos) : chosenNanos;
  budget.note(job.name, { chosenNanos, bestNanos }, clock.nowMs());
}

function asDecision(decision: RoutedDecision, groups: readonly ModelGroup[], job: RoutedJob): Decision {
  const byId = new Map<string, Endpoint>();
  for (const { own, fallbacks } of groups) {
    for (const endpoint of own) if (!byId.has(endpoint.id)) byId.set(endpoint.id, endpoint);
    for (const endpoint of fallbacks) if (!byId.has(endpoint.id)) byId.set(endpoint.id, endpoint);
  }
  return {
    model: decision.model,
    ranked: decision.ranked.flatMap((id) => byId.get(id) ?? []),
    excluded: decision.excluded,
    reasons: explainRoute(decision, job),
    switchNanos: undefined,
  };
}
