import { hash } from 'node:crypto';
import type { RoutedCandidateFact, RoutingFact } from '../../domain/facts/facts.ts';
import type { RoutedCandidate } from '../../routing/index.ts';
import type { Routed } from './route-models.ts';

/** What is recorded of a routed decision, rounded to what means something. */
export function toRoutingFact({ decision, input }: Routed): RoutingFact {
  const { job, features, featuresBy, inputTokens } = input;
  const { runnerUp, valueNanos, candidates } = decision;
  const second = candidates.find(({ model }) => model === runnerUp);
  return {
    found: job.found,
    ...(job.similarity !== undefined && { similarity: rounded(job.similarity) }),
    ...(job.versionId !== undefined && { jobVersionId: job.versionId }),
    stateId: decision.stateId,
    decidedBy: decision.reason,
    level: decision.level,
    candidates: candidates.map(toCandidateFact),
    hosts: decision.hosts.map(({ endpoint, propensity }) => ({ endpoint, propensity: rounded(propensity) })),
    hostBy: decision.hostBy,
    ...(second && { runnerUp: { model: second.model, costNanos: nanosText(second.costNanos) } }),
    ...(valueNanos !== undefined && { valueNanos: nanosText(valueNanos) ?? '0' }),
    inputTokens,
    ...(features !== undefined && { features }),
    ...(featuresBy !== undefined && { featuresBy }),
  };
}

/** A routing fact for people, whom hashes tell nothing but whether two are the same. */
export type ToldRouting = Omit<RoutingFact, 'features'> & { readonly featuresDigest?: string };

/** Puts a digest in place of the features. */
export function withoutFeatures({ features, ...rest }: RoutingFact): ToldRouting {
  return features === undefined
    ? rest
    : { ...rest, featuresDigest: hash('sha256', features, 'base64url').slice(0, 16) };
}

function toCandidateFact(candidate: RoutedCandidate): RoutedCandidateFact {
  const { model, quality, lower, evidence, costNanos, latencyMs, utility, propensity } = candidate;
  const { excluded, excludedBy } = candidate;
  return {
    model,
    quality: rounded(quality),
    lower: rounded(lower),
    evidence: rounded(evidence),
    costNanos: nanosText(costNanos),
    latencyMs: Math.round(latencyMs),
    utility: rounded(utility),
    propensity: rounded(propensity),
    ...(excluded !== undefined && { excluded }),
    ...(excludedBy && { excludedBy }),
  };
}

/** To six digits. Most are shares of at least a tenth: those need no detour over text. */
function rounded(value: number): number {
  if (value === 0 || value === 1) return value;
  return value >= 0.1 && value < 1 ? Math.round(value * 1e6) / 1e6 : Number(value.toPrecision(6));
}

/** An expectation, not an amount: rounded to whole nano-USD. */
function nanosText(nanos: number | undefined): string | null {
  return nanos === undefined || !Number.isFinite(nanos) ? null : BigInt(Math.round(nanos)).toString();
}
