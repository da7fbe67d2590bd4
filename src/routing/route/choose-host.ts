import { createSeededRandom } from '../../platform/random.ts';
import { draw } from '../choose/explore.ts';
import type { RouteEndpoint } from './route-input.ts';

/** How strongly reliability, price and speed count among hosts of one model. */
const reliabilityPower = 4;
const pricePower = -2;
const speedPower = -1;
/** A free host is no more attractive than one at a thousandth of a cent per thousand tokens. */
const leastNanos = 1e-3;
/** A host that fails more often than not keeps nobody by a warm cache. */
const leastOkShare = 0.5;
const defaultFirstTokenMs = 1000;
const defaultTokensPerSecond = 50;

/** Size of the call that hosts compete for. */
export interface CallSize {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One host's part in the choice. */
export interface HostShare {
  readonly endpoint: string;
  readonly propensity: number;
}

/** Which endpoint of the chosen model comes first, in which order the others follow, and with what probabilities. */
export interface HostChoice {
  readonly order: readonly RouteEndpoint[];
  readonly shares: readonly HostShare[];
  readonly by: 'only' | 'sticky' | 'drawn';
  /** What the warm prompt cache saves against the cheapest other host, or what leaving it loses when negative. */
  readonly warmGainNanos?: number;
}

/**
 * Orders the usable endpoints of one model. A warm prompt cache keeps its host while reading it is worth more than the
 * cheapest other host; else one is drawn by reliability, price and speed, and the rest follow by weight.
 */
export function chooseHost(usable: readonly RouteEndpoint[], size: CallSize, seed: number): HostChoice {
  const [first, ...others] = usable;
  if (!first || others.length === 0)
    return { order: usable, shares: usable.map(({ id }) => ({ endpoint: id, propensity: 1 })), by: 'only' };
  const weights = hostWeights(usable, size);
  const byWeight = usable.map((_, at) => at).sort((left, right) => (weights[right] ?? 0) - (weights[left] ?? 0));
  const warm = usable.findIndex(({ warmTokens = 0 }) => warmTokens > 0);
  const gain = warm < 0 ? undefined : warmGain(usable, warm, size);
  const stays = gain !== undefined && gain >= 0 && (usable[warm]?.okShare ?? 0) > leastOkShare;
  const shares = stays ? weights.map((_, at) => (at === warm ? 1 : 0)) : normalised(weights);
  const chosen = stays ? warm : draw(shares, createSeededRandom(seed ^ 0x5f3759df).unit());
  return {
    order: [chosen, ...byWeight.filter((at) => at !== chosen)].flatMap((at) => usable[at] ?? []),
    shares: usable.map(({ id }, at) => ({ endpoint: id, propensity: shares[at] ?? 0 })),
    by: stays ? 'sticky' : 'drawn',
    ...(gain !== undefined && { warmGainNanos: gain }),
  };
}

/** Expected cost of a call at an endpoint; undefined without a price. */
function callNanos({ price, warmTokens = 0 }: RouteEndpoint, size: CallSize): number | undefined {
  if (!price) return undefined;
  const cached = Math.min(size.inputTokens, warmTokens);
  const cacheRead = price.cacheRead ?? price.input;
  return (size.inputTokens - cached) * price.input + cached * cacheRead + size.outputTokens * price.output;
}

/** Expected time of a call at an endpoint, from what was measured lately; undefined before anything was. */
export function callMs({ firstTokenMs, tokensPerSecond }: RouteEndpoint, outputTokens: number): number | undefined {
  if (firstTokenMs === undefined) return undefined;
  return firstTokenMs + (1000 * outputTokens) / (tokensPerSecond ?? defaultTokensPerSecond);
}

function hostWeights(usable: readonly RouteEndpoint[], size: CallSize): Float64Array {
  const weights = new Float64Array(usable.length);
  // An unknown price counts as the dearest known one; a host that nobody measured is as fast as the model elsewhere.
  let dearest = 0;
  let measuredMs = 0;
  let measured = 0;
  for (const endpoint of usable) {
    dearest = Math.max(dearest, callNanos(endpoint, size) ?? 0);
    const ms = callMs(endpoint, size.outputTokens);
    if (ms === undefined) continue;
    measuredMs += ms;
    measured++;
  }
  const usualMs =
    measured > 0 ? measuredMs / measured : defaultFirstTokenMs + (1000 * size.outputTokens) / defaultTokensPerSecond;
  for (let at = 0; at < usable.length; at++) {
    const endpoint = usable[at];
    if (!endpoint) continue;
    const nanos = Math.max(leastNanos, callNanos(endpoint, size) ?? dearest);
    const relative = nanos / Math.max(leastNanos, dearest);
    const ms = Math.max(1, callMs(endpoint, size.outputTokens) ?? usualMs);
    weights[at] =
      endpoint.weight * endpoint.okShare ** reliabilityPower * relative ** pricePower * (ms / usualMs) ** speedPower;
  }
  return weights;
}

function normalised(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum > 0 ? weights.map((weight) => weight / sum) : weights.map(() => 1 / weights.length);
}

function warmGain(usable: readonly RouteEndpoint[], warm: number, size: CallSize): number | undefined {
  const kept = usable[warm];
  const own = kept && callNanos(kept, size);
  const others = usable.flatMap((endpoint, at) => (at === warm ? [] : (callNanos(endpoint, size) ?? [])));
  if (own === undefined) return undefined;
  return others.length === 0 ? 0 : Math.min(...others) - own;
}
