import type { JsonObject, ReasoningRequest } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { EncodeContext } from './encode-context.ts';

/** Smallest budget the API takes. */
const minBudget = 1024;

/** Share of the output limit that an effort word buys where thinking is measured in tokens. */
const shares: { readonly [effort: string]: number } = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.9,
  max: 0.95,
};

/** What must be known of the rest of the body to decide about thinking. */
export interface ThinkingSurroundings {
  readonly maxTokens: number;
  /** A tool call is forced, which thinking excludes. */
  readonly forcedTool: boolean;
  /** The last turn is a prefix of the answer, or a tool loop without proof of earlier thinking. */
  readonly unprovenTurn: boolean;
}

/** Thinking as fields of the body. */
export interface EncodedThinking {
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

/** Writes how much the model may think, in the form its generation takes. */
export function encodeThinking(context: EncodeContext, around: ThinkingSurroundings): EncodedThinking {
  const { reasoning } = context.call;
  if (reasoning === undefined) return {};
  if (isOff(reasoning)) return turnOff(context, reasoning);
  if (context.native && context.lostProof && around.unprovenTurn) {
    context.dropField('reasoning');
    return reasoning.effort === undefined ? {} : { effort: reasoning.effort };
  }
  return context.traits.thinking === 'adaptive'
    ? encodeAdaptive(context, reasoning, around)
    : encodeBudget(context, reasoning, around);
}

function isOff(reasoning: ReasoningRequest): boolean {
  return reasoning.enabled === false || reasoning.effort === 'none' || reasoning.budgetTokens === 0;
}

function turnOff(context: EncodeContext, reasoning: ReasoningRequest): EncodedThinking {
  const effort = reasoning.effort === 'none' ? undefined : reasoning.effort;
  if (!context.traits.thinkingOff && !context.native) {
    context.dropField('reasoning');
    return {};
  }
  return { thinking: { type: 'disabled' }, ...(effort !== undefined && { effort }) };
}

function encodeAdaptive(
  context: EncodeContext,
  reasoning: ReasoningRequest,
  around: ThinkingSurroundings,
): EncodedThinking {
  const effort = effortWord(context, reasoning.effort);
  const spoken = { ...(effort !== undefined && { effort }) };
  const wanted = reasoning.enabled === true || !context.native;
  if (!wanted || around.forcedTool) return spoken;
  const { budgetTokens } = reasoning;
  if (budgetTokens !== undefined && budgetTokens > 0) {
    // The client of this dialect chose the form knowing its model; others are told that the number was not kept.
    if (context.native)
      return { thinking: { type: 'enabled', budget_tokens: budgetTokens, ...display(reasoning) }, ...spoken };
    context.dropField('reasoning');
  }
  return { thinking: { type: 'adaptive', ...display(reasoning) }, ...spoken };
}

function encodeBudget(
  context: EncodeContext,
  reasoning: ReasoningRequest,
  around: ThinkingSurroundings,
): EncodedThinking {
  if (context.native) {
    const { enabled, effort, budgetTokens } = reasoning;
    const form: JsonObject =
      budgetTokens === undefined ? { type: 'adaptive' } : { type: 'enabled', budget_tokens: budgetTokens };
    return {
      ...(enabled === true && { thinking: { ...form, ...display(reasoning) } }),
      ...(effort !== undefined && { effort }),
    };
  }
  const { maxTokens, forcedTool, unprovenTurn } = around;
  if (forcedTool || unprovenTurn || maxTokens <= minBudget) {
    context.dropField('reasoning');
    return {};
  }
  const asked = askedBudget(reasoning, maxTokens);
  const budget = Math.min(Math.max(asked, minBudget), maxTokens - 1);
  if (reasoning.budgetTokens !== undefined && budget !== asked) context.dropField('reasoning');
  return { thinking: { type: 'enabled', budget_tokens: budget } };
}

function askedBudget(reasoning: ReasoningRequest, maxTokens: number): number {
  const { budgetTokens, effort } = reasoning;
  if (budgetTokens !== undefined && budgetTokens > 0) return budgetTokens;
  return Math.floor((ownValue(shares, effort ?? 'medium') ?? 0.5) * maxTokens);
}

function effortWord(context: EncodeContext, effort: string | undefined): string | undefined {
  if (effort === undefined || context.native) return effort;
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !context.traits.xhigh ? 'high' : effort;
}

/** Other dialects ask for summaries of a length; this one only knows shown or not. */
function display(reasoning: ReasoningRequest): JsonObject {
  const { summary } = reasoning;
  if (summary === undefined || summary === 'none') return {};
  return { display: summary === 'omitted' ? summary : 'summarized' };
}
