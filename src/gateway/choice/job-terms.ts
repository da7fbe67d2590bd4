import type { ResolvedJob } from '../../catalog/index.ts';
import type { JobConfig } from '../../config/index.ts';
import { parsePricePerMillion, parseUsdAsNanos } from '../../domain/money/money.ts';
import type { Demands, ExplorationLimits, RoutePolicy } from '../../routing/index.ts';

/** What a job demands and how it weighs, read once per version of its settings. */
export interface JobTerms {
  readonly demands: Omit<Demands, 'inputTokens' | 'needsPrice'>;
  readonly latency: JobConfig['constraints']['latency'];
  readonly policy: Omit<RoutePolicy, 'exploration'>;
  readonly exploration: ExplorationLimits | undefined;
}

/** Of requests that belong to no job: no demands, cost counts as usual. */
export const unknownJobTerms: JobTerms = {
  demands: {
    capabilities: [],
    contextTokens: undefined,
    regions: undefined,
    dataPolicy: undefined,
    inputPicos: undefined,
    outputPicos: undefined,
  },
  latency: undefined,
  policy: { costWeight: 1, critical: false },
  exploration: undefined,
};

/** Reads the settings of a job into units that deciding computes with. */
export function jobTermsOf({ settings, incumbent }: ResolvedJob): JobTerms {
  const { constraints, value, floor, exploration, critical, costWeight, secondUsd } = settings;
  const { capabilities, contextTokens, regions, dataPolicy, latency } = constraints;
  const inputPicos = picosOf(constraints.inputUsdPerMillion);
  const outputPicos = picosOf(constraints.outputUsdPerMillion);
  const nanosPerSecond = nanosOf(secondUsd);
  const incumbentName = incumbent?.endpoints[0]?.modelName;
  return {
    demands: { capabilities, contextTokens, regions, dataPolicy, inputPicos, outputPicos },
    latency,
    policy: {
      valueNanos: nanosOf(value?.midUsd),
      costWeight,
      nanosPerSecond,
      critical,
      ...(floor && incumbentName !== undefined && { floor: { incumbent: incumbentName, margin: floor.margin } }),
    },
    exploration: exploration && {
      maxShare: exploration.maxShare,
      nanosPerDay: nanosOf(exploration.usdPerDay),
    },
  };
}

function picosOf(usdPerMillion: string | undefined): bigint | undefined {
  return usdPerMillion === undefined ? undefined : parsePricePerMillion(usdPerMillion)?.picosPerToken;
}

/** For weighing only: what is charged never passes here. */
function nanosOf(usd: string | undefined): number | undefined {
  const nanos = usd === undefined ? undefined : parseUsdAsNanos(usd);
  return nanos === undefined ? undefined : Number(nanos);
}
