import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ModelCall, ReasoningRequest } from '../../domain/calls/model-call.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { emulateSchema } from './emulate-schema.ts';
import { encodeInput } from './encode-input.ts';
import { encodeFormat, encodeToolChoice, encodeTools } from './encode-tools.ts';
import { dialect } from './dialect-name.ts';
import { ResponsesReport } from './responses-report.ts';

/** Fields that other dialects of the same provider spell alike. */
const sharedFields: ReadonlySet<string> = new Set([
  '/store',
  '/safety_identifier',
  '/prompt_cache_retention',
  '/prompt_cache_options',
]);

/** Dialects whose service tiers mean the same here. */
const kindred: ReadonlySet<string> = new Set(['openai-chat', dialect]);

/** Sampling controls that Responses has no field for. */
const unknownSampling = [
  'topK',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'stop',
  'logprobs',
  'logitBias',
] as const;

/**
 * Translates a call of any dialect into a Responses request. Nothing is added that the client did not say, but for
 * what keeps its meaning: functions are strict here unless told otherwise, inline files need a name.
 */
export function encodeCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault {
  const report = new ResponsesReport(call);
  const { items, fields } = encodeInput(call.messages, report);
  refuseWhatChangesMeaning(call, options, report);
  const emulated = emulateSchema(call, options, report);
  const tools = [...encodeTools(call, report), ...(emulated === undefined ? [] : [emulated.tool])];
  const choice = emulated?.choice ?? encodeToolChoice(call);
  const body: JsonObject = {
    model: options.upstreamModel,
    ...fields,
    ...(items.length > 0 && { input: items }),
    ...(tools.length > 0 && { tools }),
    ...(choice !== undefined && { tool_choice: choice }),
    ...encodeText(call, options, report),
    ...encodeReasoning(call, report),
    ...encodeSampling(call, report),
    ...encodeSettings(call, report),
    ...(call.stream && { stream: true }),
  };
  const whole = encodeRest(call, body, report);
  const { fault, dropped, added } = report;
  return fault ?? { body: whole, dropped, added, ...(emulated !== undefined && { emulatesSchema: true }) };
}

function refuseWhatChangesMeaning(call: ModelCall, options: EncodeOptions, report: ResponsesReport): void {
  const { sampling, modalities } = call;
  if ((sampling.candidates ?? 1) > 1) {
    report.refuse(report.pointerOf('sampling.candidates'), 'Responses hosts give one answer per request.');
  }
  const extra = modalities?.find((modality) => modality.toLowerCase() !== 'text');
  if (extra !== undefined) {
    report.refuse(report.pointerOf('modalities'), `Responses hosts cannot answer with ${extra}.`);
  }
  const last = call.messages.at(-1);
  const prefix = last?.role === 'assistant' && last.content.at(-1)?.type === 'text';
  if (prefix && call.dialect === 'anthropic-messages' && !options.assistantPrefill) {
    report.refuse(last.content.at(-1)?.at, 'The host cannot continue a begun answer.');
  }
}

function encodeText(call: ModelCall, options: EncodeOptions, report: ResponsesReport): JsonObject {
  const { responseFormat } = call;
  const carried = responseFormat?.type !== 'json-schema' || options.nativeJsonSchema;
  const format = carried ? encodeFormat(responseFormat, report) : undefined;
  const { verbosity } = call;
  if (format === undefined && verbosity === undefined) return {};
  return { text: { ...(format !== undefined && { format }), ...(verbosity !== undefined && { verbosity }) } };
}

function encodeReasoning(call: ModelCall, report: ResponsesReport): JsonObject {
  const { reasoning } = call;
  if (reasoning === undefined) return {};
  const effort = encodeEffort(reasoning, report);
  const { summary } = reasoning;
  if (effort === undefined && summary === undefined) return {};
  const asked = { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) };
  if (call.dialect === dialect || effort === 'none') return { reasoning: asked };
  // Clients of other dialects hand back what proves the reasoning; here it must be asked for.
  report.add('/include');
  return { reasoning: asked, include: ['reasoning.encrypted_content'] };
}

/** Reasoning is asked for by effort; a budget of tokens becomes the nearest word. */
function encodeEffort(reasoning: ReasoningRequest, report: ResponsesReport): string | undefined {
  const { effort, enabled, budgetTokens } = reasoning;
  if (effort !== undefined) {
    if (budgetTokens !== undefined) report.dropField('reasoning.budgetTokens');
    return report.callDialect === 'anthropic-messages' && effort === 'max' ? 'xhigh' : effort;
  }
  // Not every model may be told to think not at all, or on its own terms; saying nothing suits each.
  if (enabled === false || budgetTokens === undefined || budgetTokens < 0) {
    if (enabled !== undefined || budgetTokens !== undefined) report.dropField('reasoning');
    return undefined;
  }
  if (budgetTokens === 0) return 'none';
  if (budgetTokens <= 4096) return 'low';
  return budgetTokens <= 16_384 ? 'medium' : 'high';
}

function encodeSampling(call: ModelCall, report: ResponsesReport): JsonObject {
  const { temperature, topP, topLogprobs } = call.sampling;
  for (const field of unknownSampling) if (call.sampling[field] !== undefined) report.dropField(`sampling.${field}`);
  const own = call.dialect === dialect;
  if (topLogprobs !== undefined && !own) report.dropField('sampling.topLogprobs');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topLogprobs !== undefined && own && { top_logprobs: topLogprobs }),
  };
}

function encodeSettings(call: ModelCall, report: ResponsesReport): JsonObject {
  const { maxOutputTokens, parallelToolCalls, endUser, metadata, promptCacheKey } = call;
  const tier = encodeTier(call, report);
  return {
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(endUser !== undefined && { [endUserField(call)]: endUser }),
    ...(metadata !== undefined && { metadata }),
    ...(tier !== undefined && { service_tier: tier }),
    ...(promptCacheKey !== undefined && { prompt_cache_key: promptCacheKey }),
  };
}

/** Tiers are words of one provider: only those of its own dialects mean the same here. */
function encodeTier(call: ModelCall, report: ResponsesReport): string | undefined {
  const { serviceTier } = call;
  if (serviceTier === undefined || kindred.has(call.dialect) || serviceTier === 'auto') return serviceTier;
  report.dropField('serviceTier');
  return undefined;
}

function endUserField(call: ModelCall): string {
  return call.pointers['endUser'] === '/safety_identifier' ? 'safety_identifier' : 'user';
}

/** Carries untyped fields: all top-level and nested ones of our own dialect, the shared ones of others. */
function encodeRest(call: ModelCall, body: JsonObject, report: ResponsesReport): JsonObject {
  const extra: Record<string, Json> = {};
  for (const [pointer, value] of Object.entries(call.rest)) {
    const own = call.dialect === dialect;
    const [, field, nested, ...deeper] = pointer.split('/');
    const shared = call.dialect === 'openai-chat' && sharedFields.has(pointer);
    if (field === undefined || (!own && !shared)) report.drop(pointer);
    else if (nested === undefined) extra[unescape(field)] = value;
    else if (deeper.length === 0 && (field === 'text' || field === 'reasoning')) {
      const outer = extra[field] ?? body[field];
      extra[field] = { ...(isObject(outer) && outer), [unescape(nested)]: value };
    } else report.drop(pointer);
  }
  return { ...body, ...extra };
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
