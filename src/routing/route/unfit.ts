import type { Capabilities, Endpoint } from '../../domain/calls/endpoint.ts';

/** What a request and its job demand of an endpoint. */
export interface Demands {
  readonly capabilities: readonly (keyof Capabilities)[];
  readonly inputTokens: number;
  /** Least context window. */
  readonly contextTokens: number | undefined;
  readonly regions: readonly string[] | undefined;
  readonly dataPolicy: 'no-training' | 'no-retention' | undefined;
  /** Highest prices in pico-USD per token. */
  readonly inputPicos: bigint | undefined;
  readonly outputPicos: bigint | undefined;
  /** Nothing may run whose price nobody knows. */
  readonly needsPrice: boolean;
}

/** Prices of an endpoint as they hold for the request; undefined: unknown. */
export interface KnownPrices {
  readonly inputPicos: bigint | undefined;
  readonly outputPicos: bigint | undefined;
}

/** Why an endpoint may not take a request, in a few words; undefined: it may. */
export function unfit(endpoint: Endpoint, demands: Demands, prices: KnownPrices): string | undefined {
  if (endpoint.weight === 0) return 'its weight is 0';
  for (const capability of demands.capabilities)
    if (endpoint.capabilities[capability] === false) return `it does not support ${capability}`;
  return tooSmall(endpoint, demands) ?? misplaced(endpoint, demands) ?? tooDear(demands, prices);
}

function tooSmall({ limits: { contextTokens } }: Endpoint, demands: Demands): string | undefined {
  if (contextTokens === undefined) return undefined;
  if (demands.contextTokens !== undefined && contextTokens < demands.contextTokens)
    return `its context window is under ${demands.contextTokens} tokens`;
  // The estimate leans high: only a prompt far beyond the window is refused without asking the upstream.
  return demands.inputTokens > contextTokens * 2 ? 'the prompt exceeds its context window' : undefined;
}

/** What is promised must be stated: silence is no promise. */
function misplaced({ region, host }: Endpoint, { regions, dataPolicy }: Demands): string | undefined {
  if (regions && (region === undefined || !regions.includes(region)))
    return region === undefined ? 'its region is unknown' : `its region is ${region}`;
  if (dataPolicy === undefined || host.dataPolicy === dataPolicy || host.dataPolicy === 'no-retention')
    return undefined;
  return `its host does not promise ${dataPolicy}`;
}

function tooDear(demands: Demands, { inputPicos, outputPicos }: KnownPrices): string | undefined {
  const isUnknown = inputPicos === undefined || outputPicos === undefined;
  if (isUnknown && demands.needsPrice) return 'its price is unknown, and the key has a hard limit';
  for (const [ceiling, price, what] of [
    [demands.inputPicos, inputPicos, 'input'],
    [demands.outputPicos, outputPicos, 'output'],
  ] as const) {
    if (ceiling === undefined) continue;
    if (price === undefined) return `its ${what} price is unknown, and the job has a price ceiling`;
    if (price > ceiling) return `its ${what} price is over the job's ceiling`;
  }
  return undefined;
}
