import type { Candidate } from '../choose/estimate-candidates.ts';
import type { RoutingState } from '../estimate/routing-state.ts';
import { callMs, type CallSize, chooseHost, type HostChoice } from './choose-host.ts';
import type { RouteCandidate, RouteEndpoint, RouteInput } from './route-input.ts';

/** A candidate with the choice among its hosts, which holds if the model is chosen. */
export interface PreparedCandidate {
  readonly model: string;
  /** What the choice of models is told. */
  readonly candidate: Candidate;
  readonly hosts: HostChoice;
  /** Usable, but behind everything else. */
  readonly later: readonly RouteEndpoint[];
  readonly isPriced: boolean;
}

const usualOutputTokens = 300;

/** Each candidate with its hosts drawn and its price expected over them. */
export function prepareCandidates(state: RoutingState, input: RouteInput): PreparedCandidate[] {
  const calls = state.calls.get(input.job.name) ?? state.unknownCalls;
  const hasReady = input.candidates.some(({ endpoints }) => endpoints.some(isReady));
  const prepared = input.candidates.map((candidate, at) => {
    const number = state.modelNumbers.get(candidate.model);
    const outputTokens = number === undefined ? usualOutputTokens : (calls.outputTokens[number] ?? usualOutputTokens);
    const size = { inputTokens: input.inputTokens, outputTokens };
    return prepare(candidate, { size, seed: input.seed + at, hasReady });
  });
  return withPrices(prepared, { inputTokens: input.inputTokens, outputTokens: usualOutputTokens });
}

function isReady({ excluded, later }: RouteEndpoint): boolean {
  return excluded === undefined && later === undefined;
}

function prepare(
  { model, endpoints }: RouteCandidate,
  { size, seed, hasReady }: { size: CallSize; seed: number; hasReady: boolean },
): PreparedCandidate {
  const eligible = endpoints.filter(({ excluded }) => excluded === undefined);
  const ready = eligible.filter(isReady);
  // When everything must wait, waiting is what there is to choose from.
  const usable = hasReady ? ready : eligible;
  const hosts = chooseHost(usable, size, seed);
  const later = hasReady ? eligible.filter((endpoint) => !isReady(endpoint)) : [];
  if (usable.length === 0) {
    const [first] = endpoints;
    const why = endpoints.length === 0 ? 'no endpoint serves it' : (first?.excluded ?? first?.later ?? 'not usable');
    return { model, candidate: { ...unpriced(model), excluded: why }, hosts, later, isPriced: false };
  }
  const { shares } = hosts;
  const mean = (pick: (endpoint: RouteEndpoint) => number | undefined): number | undefined => {
    let sum = 0;
    let weight = 0;
    for (let at = 0; at < usable.length; at++) {
      const endpoint = usable[at];
      const value = endpoint && pick(endpoint);
      if (value === undefined) continue;
      // Shares stand in the order of the usable endpoints.
      const share = shares[at]?.propensity ?? 0;
      sum += share * value;
      weight += share;
    }
    return weight > 0 ? sum / weight : undefined;
  };
  const input = mean(({ price }) => price?.input);
  const [first] = hosts.order;
  const latencyMs = mean((endpoint) => callMs(endpoint, size.outputTokens));
  const candidate: Candidate = {
    model,
    inputNanosPerToken: input ?? 0,
    outputNanosPerToken: mean(({ price }) => price?.output) ?? 0,
    failureShare: 1 - (mean(({ okShare }) => okShare) ?? 1),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(hosts.by === 'sticky' || hosts.by === 'only' ? warmth(first) : {}),
  };
  return { model, candidate, hosts, later, isPriced: input !== undefined };
}

function warmth(endpoint: RouteEndpoint | undefined): Partial<Candidate> {
  const { warmTokens = 0, price } = endpoint ?? {};
  if (warmTokens === 0 || price?.cacheRead === undefined) return {};
  return { cachedTokens: warmTokens, cacheReadNanosPerToken: price.cacheRead };
}

function unpriced(model: string): Candidate {
  return { model, inputNanosPerToken: 0, outputNanosPerToken: 0 };
}

/** What has no price is compared as if it were as dear as the dearest that has one: unknown is never free. */
function withPrices(prepared: readonly PreparedCandidate[], size: CallSize): PreparedCandidate[] {
  const nanosOf = ({ candidate }: PreparedCandidate): number =>
    candidate.inputNanosPerToken * size.inputTokens + candidate.outputNanosPerToken * size.outputTokens;
  let dearest: PreparedCandidate | undefined;
  for (const one of prepared) if (one.isPriced && (!dearest || nanosOf(one) > nanosOf(dearest))) dearest = one;
  if (!dearest) return [...prepared];
  const { inputNanosPerToken, outputNanosPerToken } = dearest.candidate;
  return prepared.map((one) =>
    one.isPriced ? one : { ...one, candidate: { ...one.candidate, inputNanosPerToken, outputNanosPerToken } },
  );
}
