import type { PromptFeatures } from '../features/prompt-features.ts';
import type { OutputModel } from '../estimate/output-model.ts';
import { noNeighbours } from '../estimate/residual-model.ts';
import type { RoutingState } from '../estimate/routing-state.ts';

/** A model that may be chosen. */
export interface Candidate {
  readonly model: string;
  /** Expected price of tokens in nano-USD, a statistical quantity: charges never come from it. */
  readonly inputNanosPerToken: number;
  readonly outputNanosPerToken: number;
  /** Input tokens that lie in this model's warm prompt cache, and what they cost there. */
  readonly cachedTokens?: number;
  readonly cacheReadNanosPerToken?: number;
  /** Chance that a call fails and must be paid again elsewhere. */
  readonly failureShare?: number;
  /** Expected time of the call, where endpoints were measured lately; else what was learned counts. */
  readonly latencyMs?: number;
  /** Why this model may not be chosen now; such a candidate is only listed. */
  readonly excluded?: string;
}

/** The request as far as the choice depends on it. */
export interface ChoiceRequest {
  readonly job: string;
  readonly features: PromptFeatures | undefined;
  readonly inputTokens: number;
}

/** From which level a quality comes; deeper ones rest on more specific evidence. */
export type EstimateLevel = 'prior' | 'global' | 'job' | 'prompt';

/** What is expected of each candidate, in the order given. */
export interface Estimates {
  readonly candidates: readonly Candidate[];
  /** Expected score. */
  readonly quality: Float64Array;
  /**
   * Expected score as far as it may move the choice: gains over the reference model count only as far as they are
   * certain, losses count fully.
   */
  readonly trusted: Float64Array;
  readonly costNanos: Float64Array;
  readonly latencyMs: Float64Array;
  /** Graded answers behind the quality. */
  readonly evidence: Float64Array;
  readonly level: EstimateLevel;
  /** Standard error of the gap to the reference model. */
  readonly gapErrors: Float64Array;
  /** Place of the reference model among the candidates, -1 if it is not one. */
  readonly reference: number;
}

/** Standard errors by which a gain must exceed zero to count in full, while a job is young. */
const caution = 1;
/** Graded prompts after which a job's own means need no more caution. */
const matureAfter = 100;

/** Quality, cost and latency of each candidate, by the chain prior, global, job, prompt. */
export function estimateCandidates(
  state: RoutingState,
  request: ChoiceRequest,
  candidates: readonly Candidate[],
): Estimates {
  const belief = state.jobs.get(request.job) ?? state.unknownJob;
  const calls = state.calls.get(request.job) ?? state.unknownCalls;
  const all = belief.quality.slice();
  const prompt = correctByPrompt(state, request, all);
  const count = candidates.length;
  // One piece of memory for all: small typed arrays cost more to make than to fill.
  const memory = new ArrayBuffer(6 * 8 * count);
  const column = (place: number): Float64Array => new Float64Array(memory, place * 8 * count, count);
  const estimates = {
    candidates,
    quality: column(0),
    trusted: column(1),
    costNanos: column(2),
    latencyMs: column(3),
    evidence: column(4),
    gapErrors: column(5),
  };
  let reference = -1;
  for (let at = 0; at < count; at++) {
    const candidate = candidates[at];
    const number = candidate ? state.modelNumbers.get(candidate.model) : undefined;
    if (!candidate) continue;
    const known = number ?? -1;
    if (known >= 0 && known === belief.reference) reference = at;
    estimates.quality[at] = clamp(all[known] ?? 0);
    estimates.evidence[at] = belief.evidence[known] ?? 0;
    estimates.gapErrors[at] = belief.gapErrors[known] ?? 1;
    estimates.latencyMs[at] = candidate.latencyMs ?? calls.latencyMs[known] ?? 0;
    const usual = calls.outputTokens[known] ?? 0;
    const factor = prompt.outputs ? prompt.outputs.factor(known, prompt.logFactor) : 1;
    estimates.costNanos[at] = costOf(candidate, request.inputTokens, usual * factor);
  }
  const isKnown = belief !== state.unknownJob;
  trust(estimates, { reference, isKnown, graded: belief.graded });
  const level = prompt.isCorrected ? 'prompt' : levelOf(belief.evidence, isKnown);
  return { ...estimates, level, reference };
}

interface PromptEffect {
  readonly isCorrected: boolean;
  readonly logFactor: number;
  /** Absent: answers to this prompt are as long as to any. */
  readonly outputs: OutputModel | undefined;
}

const noEffect: PromptEffect = { isCorrected: false, logFactor: 0, outputs: undefined };

function correctByPrompt(state: RoutingState, { job, features }: ChoiceRequest, into: Float64Array): PromptEffect {
  const { fit } = state;
  const known = fit?.jobs.get(job);
  if (!fit || known === undefined || !features) return noEffect;
  const { residual, outputs } = fit;
  if (!residual && !outputs) return noEffect;
  const vector = fit.terms.vector(features);
  if (residual) {
    const neighbours = residual.usesNeighbours && residual.isOn(known) ? fit.index.near(vector) : noNeighbours;
    residual.correct(into, { job: known, features, vector, neighbours, common: state.unknownJob.quality });
  }
  return { isCorrected: residual !== undefined, logFactor: outputs?.logFactor(features, vector) ?? 0, outputs };
}

function costOf(candidate: Candidate, inputTokens: number, outputTokens: number): number {
  const cached = Math.min(inputTokens, candidate.cachedTokens ?? 0);
  const cachedNanos = cached * (candidate.cacheReadNanosPerToken ?? candidate.inputNanosPerToken);
  const nanos =
    (inputTokens - cached) * candidate.inputNanosPerToken + cachedNanos + outputTokens * candidate.outputNanosPerToken;
  return nanos * (1 + (candidate.failureShare ?? 0));
}

/**
 * The best of many estimates is overstated. While a job has few graded prompts, a model seems better than the
 * reference only as far as its gain exceeds one standard error; with many, estimates are taken as they are.
 */
function trust(
  estimates: { quality: Float64Array; trusted: Float64Array; gapErrors: Float64Array },
  of: { reference: number; isKnown: boolean; graded: number },
): void {
  const { quality, trusted, gapErrors } = estimates;
  trusted.set(quality);
  const base = of.reference >= 0 ? (quality[of.reference] ?? 0) : undefined;
  const doubt = Math.max(0, 1 - of.graded / matureAfter);
  if (base === undefined || doubt === 0 || !of.isKnown) return;
  for (let at = 0; at < quality.length; at++) {
    const gain = (quality[at] ?? 0) - base;
    if (gain <= 0 || at === of.reference) continue;
    const certain = gain - caution * doubt * (gapErrors[at] ?? 0);
    trusted[at] = base + (certain > 0 ? certain : -1e-6);
  }
}

function levelOf(evidence: Float64Array, isKnown: boolean): EstimateLevel {
  if (isKnown) return 'job';
  return evidence.some((weight) => weight > 0) ? 'global' : 'prior';
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
