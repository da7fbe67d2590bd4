import type { Capabilities, Endpoint } from '../domain/calls/endpoint.ts';
import { hash32 } from './hash.ts';

/** What a request needs that an endpoint may state not to have. */
export interface Needs {
  readonly tools: boolean;
  readonly images: boolean;
  readonly audio: boolean;
  readonly documents: boolean;
  readonly reasoning: boolean;
  readonly inputTokens: number;
}

/** Endpoints in the order they are tried, and those that are not, with the reason. */
export interface Ranking {
  readonly ranked: readonly Endpoint[];
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
}

const needed: readonly (keyof Needs & keyof Capabilities)[] = ['tools', 'images', 'audio', 'documents', 'reasoning'];

/** Leaves out endpoints that state they cannot do what is needed. */
export function eligible(endpoints: readonly Endpoint[], needs: Needs): Ranking {
  const ranked: Endpoint[] = [];
  const excluded: { endpoint: string; reason: string }[] = [];
  const seen = new Set<string>();
  for (const endpoint of endpoints) {
    if (seen.has(endpoint.id)) continue;
    seen.add(endpoint.id);
    const reason = misfit(endpoint, needs);
    if (reason === undefined) ranked.push(endpoint);
    else excluded.push({ endpoint: endpoint.id, reason });
  }
  return { ranked, excluded };
}

function misfit(endpoint: Endpoint, needs: Needs): string | undefined {
  if (endpoint.weight === 0) return 'weight is 0';
  for (const need of needed) {
    if (needs[need] && endpoint.capabilities[need] === false) return `does not support ${need}`;
  }
  const { contextTokens } = endpoint.limits;
  // The estimate leans high: only a prompt far beyond the window is refused without asking the upstream.
  if (contextTokens !== undefined && needs.inputTokens > contextTokens * 2) return 'prompt exceeds its context window';
  return undefined;
}

/**
 * Orders endpoints of one model by weighted rendezvous hashing of the conversation: each conversation has its own
 * stable order, the same on every replica, and the shares follow the weights.
 */
export function orderByWeight(endpoints: readonly Endpoint[], conversation: string): Endpoint[] {
  if (endpoints.length < 2) return [...endpoints];
  const scored = endpoints.map((endpoint) => {
    const unit = (hash32(`${conversation}\u0000${endpoint.id}`) + 0.5) / 0x1_0000_0000;
    return { endpoint, score: -Math.log(unit) / endpoint.weight };
  });
  scored.sort((left, right) => left.score - right.score || (left.endpoint.id < right.endpoint.id ? -1 : 1));
  return scored.map(({ endpoint }) => endpoint);
}
