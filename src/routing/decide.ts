import type { Endpoint } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import { eligible, type Needs, orderByWeight } from './rank-endpoints.ts';

/** A model that may answer, with its endpoints. */
export interface ModelCandidate {
  readonly model: string;
  readonly endpoints: readonly Endpoint[];
}

/** Everything a decision depends on; the same input gives the same decision. */
export interface DecisionInput {
  /** In the configured order of preference. */
  readonly candidates: readonly ModelCandidate[];
  readonly needs: Needs;
  /** Tenant-scoped key of the conversation. */
  readonly conversation: string;
  /** Endpoint that holds the conversation's warm prompt cache. */
  readonly warmEndpointId: string | undefined;
  /** Endpoints that cannot be tried right now, with the reason. */
  readonly unavailable: ReadonlyMap<string, string>;
}

/** Which endpoints to try in which order, and why. */
export interface Decision {
  readonly model: string;
  readonly ranked: readonly Endpoint[];
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  readonly reasons: readonly string[];
  /** Estimated loss from leaving a warm prompt cache, nano-USD. */
  readonly switchNanos: bigint | undefined;
}

/** Orders the endpoints of a model that was asked for by name: by warm cache and weight. Pure. */
export function decide(input: DecisionInput): Decision | Fault {
  const reasons: string[] = [];
  const excluded: { endpoint: string; reason: string }[] = [];
  const ranked: Endpoint[] = [];
  let model: string | undefined;
  for (const candidate of input.candidates) {
    const fit = eligible(candidate.endpoints, input.needs);
    excluded.push(...fit.excluded);
    if (fit.ranked.length > 0) model ??= candidate.model;
    ranked.push(...orderGroups(fit.ranked, input.conversation));
  }
  if (model === undefined) return noCandidate(excluded);
  const warm = ranked.find((endpoint) => endpoint.id === input.warmEndpointId);
  const isWarmModel = warm !== undefined && warm.modelName === ranked[0]?.modelName;
  const ordered = isWarmModel ? [warm, ...ranked.filter((endpoint) => endpoint !== warm)] : ranked;
  const available = ordered.filter((endpoint) => !input.unavailable.has(endpoint.id));
  const blocked = ordered.filter((endpoint) => input.unavailable.has(endpoint.id));
  if (isWarmModel) reasons.push(explainWarm(warm, input.unavailable.get(warm.id)));
  for (const endpoint of blocked) reasons.push(`${endpoint.id} comes last: ${input.unavailable.get(endpoint.id)}`);
  if (reasons.length === 0)
    reasons.push(ordered.length === 1 ? 'the only endpoint' : 'weighted share of its endpoints');
  const lost = isWarmModel && input.unavailable.has(warm.id) && available.length > 0;
  const switchNanos = lost ? switchLoss(warm, input.needs.inputTokens) : undefined;
  return { model, ranked: [...available, ...blocked], excluded, reasons, switchNanos };
}

/** Endpoints of the asked model come before those of its fallbacks; order within a model follows the weights. */
function orderGroups(endpoints: readonly Endpoint[], conversation: string): Endpoint[] {
  if (endpoints.length < 2) return [...endpoints];
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const group = groups.get(endpoint.modelName);
    if (group) group.push(endpoint);
    else groups.set(endpoint.modelName, [endpoint]);
  }
  return [...groups.values()].flatMap((group) => orderByWeight(group, conversation));
}

function explainWarm(warm: Endpoint, unavailable: string | undefined): string {
  if (unavailable === undefined) return `${warm.id} holds the conversation's prompt cache`;
  return `${warm.id} holds the conversation's prompt cache but is left: ${unavailable}`;
}

/** What the prefix costs more when it must be read anew. */
function switchLoss(warm: Endpoint, inputTokens: number): bigint | undefined {
  const input = warm.price?.picosPerUnit.input;
  const cacheRead = warm.price?.picosPerUnit.cacheRead;
  if (input === undefined || cacheRead === undefined) return undefined;
  return (BigInt(Math.round(inputTokens)) * (input - cacheRead)) / 1000n;
}

function noCandidate(excluded: readonly { endpoint: string; reason: string }[]): Fault {
  const list = excluded.map(({ endpoint, reason }) => `${endpoint} ${reason}`).join('; ');
  return new Fault('no_candidate', { message: `No endpoint meets the request: ${list || 'none is configured'}.` });
}
