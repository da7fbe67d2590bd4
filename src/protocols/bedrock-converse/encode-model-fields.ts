import type { Json, JsonObject, ReasoningRequest } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { ClaudeTraits } from '../anthropic-messages/index.ts';
import type { Encoding } from './encoding.ts';

/** Smallest thinking budget that Claude takes. */
const minBudgetTokens = 1024;

/** Budgets for the effort words where thinking is measured in tokens. */
const budgetByEffort: { readonly [effort: string]: number } = {
  minimal: minBudgetTokens,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_000,
};

/** Encodes what only some makers' models take: sampling from the best k, and thinking. */
export function encodeModelFields(encoding: Encoding): JsonObject {
  const fields: Record<string, Json> = {};
  encodeTopK(encoding, fields);
  const { reasoning } = encoding.call;
  if (reasoning !== undefined) encodeReasoning(encoding, reasoning, fields);
  return fields;
}

function encodeTopK({ call, family, claude, losses }: Encoding, fields: Record<string, Json>): void {
  const { topK } = call.sampling;
  if (topK === undefined) return;
  if (claude?.sampling === true) fields['top_k'] = topK;
  else if (family === 'nova') fields['inferenceConfig'] = { topK };
  else losses.dropField('sampling.topK');
}

function encodeReasoning(encoding: Encoding, reasoning: ReasoningRequest, fields: Record<string, Json>): void {
  const { family, claude, losses } = encoding;
  const { enabled, effort } = reasoning;
  if (enabled === false || effort === 'none') {
    // Where thinking can be turned off it is off unless asked for.
    if (claude?.thinkingOff === false) losses.dropField('reasoning');
    return;
  }
  if (claude !== undefined) Object.assign(fields, encodeClaude(encoding, reasoning, claude));
  else if (family === 'gpt-oss' && effort !== undefined) fields['reasoning_effort'] = threeSteps(effort);
  else if (family === 'nova' && effort !== undefined) {
    fields['reasoningConfig'] = { type: 'enabled', maxReasoningEffort: threeSteps(effort) };
  } else losses.dropField('reasoning');
}

function encodeClaude({ call, losses }: Encoding, reasoning: ReasoningRequest, traits: ClaudeTraits): JsonObject {
  const { budgetTokens, effort, enabled } = reasoning;
  const isNative = call.dialect === 'anthropic-messages';
  const forcesTool = call.toolChoice?.type === 'required' || call.toolChoice?.type === 'tool';
  if (forcesTool && !isNative) {
    losses.dropField('reasoning');
    return {};
  }
  if (budgetTokens === undefined && (isNative || traits.thinking === 'adaptive')) {
    return {
      ...((enabled === true || !isNative) && { thinking: { type: 'adaptive' } }),
      ...(effort !== undefined && { output_config: { effort: isNative ? effort : effortOf(effort, traits) } }),
    };
  }
  const asked = budgetTokens ?? ownValue(budgetByEffort, effort ?? 'medium') ?? minBudgetTokens;
  const limit = (call.maxOutputTokens ?? Number.POSITIVE_INFINITY) - 1;
  if (limit < minBudgetTokens && !isNative) {
    losses.dropField('reasoning');
    return {};
  }
  const budget = isNative ? asked : Math.min(Math.max(asked, minBudgetTokens), limit);
  return {
    thinking: { type: 'enabled', budget_tokens: budget },
    ...(isNative && effort !== undefined && { output_config: { effort } }),
  };
}

function effortOf(effort: string, { xhigh }: ClaudeTraits): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !xhigh ? 'high' : effort;
}

function threeSteps(effort: string): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort;
}
