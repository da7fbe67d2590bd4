import type { Json, JsonObject, ModelCall, ReasoningRequest } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { LossReport } from '../shared/loss-report.ts';
import { isThirdGeneration, type ModelGeneration } from './model-generation.ts';

/** Budgets that Google documents as equal to the effort words of other dialects. */
const budgetByEffort: { readonly [effort: string]: number } = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};

const levelByEffort: { readonly [effort: string]: string } = {
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

const carriedSampling = ['temperature', 'topP', 'topK', 'frequencyPenalty', 'presencePenalty', 'seed'] as const;

/** Encodes sampling, limits, thinking and the form of the answer. `withFormat` is false when a tool stands in. */
export function encodeConfig(
  call: ModelCall,
  { model, withFormat }: { model: ModelGeneration; withFormat: boolean },
  losses: LossReport,
): JsonObject {
  const { sampling, maxOutputTokens, modalities } = call;
  const config: Record<string, Json> = {};
  for (const name of carriedSampling) {
    const value = sampling[name];
    if (value !== undefined) config[name] = value;
  }
  if (sampling.stop !== undefined) config['stopSequences'] = sampling.stop;
  if (maxOutputTokens !== undefined) config['maxOutputTokens'] = maxOutputTokens;
  if (modalities !== undefined) config['responseModalities'] = modalities.map((word) => word.toUpperCase());
  const thinking = call.reasoning && encodeThinking(call.reasoning, model, losses);
  if (thinking && Object.keys(thinking).length > 0) config['thinkingConfig'] = thinking;
  if (withFormat) Object.assign(config, encodeFormat(call));
  reportSampling(call, losses);
  return config;
}

function encodeFormat({ responseFormat }: ModelCall): JsonObject {
  switch (responseFormat?.type) {
    case 'json':
      return { responseMimeType: 'application/json' };
    case 'json-schema':
      return { responseMimeType: 'application/json', responseJsonSchema: responseFormat.schema };
    default:
      return {};
  }
}

function encodeThinking(reasoning: ReasoningRequest, model: ModelGeneration, losses: LossReport): JsonObject {
  const { summary } = reasoning;
  const wantsThoughts = summary !== undefined && !['none', 'off', 'omitted'].includes(summary);
  return { ...amountOf(reasoning, model, losses), ...(wantsThoughts && { includeThoughts: true }) };
}

/** A budget is exact, a level is not: a budget wins where the client gave both. */
function amountOf(reasoning: ReasoningRequest, model: ModelGeneration, losses: LossReport): JsonObject {
  const { enabled, effort, budgetTokens } = reasoning;
  const isThird = isThirdGeneration(model);
  if (enabled === false || effort === 'none') {
    if (!isThird && !model.isPro) return { thinkingBudget: 0 };
    // These models cannot be kept from thinking; the least they do is what comes nearest.
    losses.dropField('reasoning');
    return isThird ? { thinkingLevel: model.isPro ? 'low' : 'minimal' } : { thinkingBudget: 128 };
  }
  if (budgetTokens !== undefined) return { thinkingBudget: budgetTokens };
  if (effort === undefined) return {};
  const level = model.isPro && effort === 'minimal' ? 'low' : ownValue(levelByEffort, effort);
  const budget = ownValue(budgetByEffort, effort);
  if (level === undefined || budget === undefined) {
    losses.dropField('reasoning.effort');
    return {};
  }
  return isThird ? { thinkingLevel: level } : { thinkingBudget: budget };
}

function reportSampling({ sampling }: ModelCall, losses: LossReport): void {
  if ((sampling.candidates ?? 1) > 1) {
    losses.refuse(
      losses.pointerOf('sampling.candidates'),
      'Several answers at once cannot be carried between dialects.',
    );
  }
  // Their results have no word in the common vocabulary, so that asking for them would be for nothing.
  for (const name of ['logprobs', 'topLogprobs', 'logitBias'] as const) {
    if (sampling[name] !== undefined && sampling[name] !== false) losses.dropField(`sampling.${name}`);
  }
}
