import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { EncodeContext } from './encode-context.ts';
import { type EncodedFormat, encodeFormat } from './encode-format.ts';
import { encodeMessages, encodeSystem, hasUnprovenToolLoop } from './encode-messages.ts';
import { encodeSampling } from './encode-sampling.ts';
import { encodeThinking } from './encode-thinking.ts';
import { encodeTools, forces } from './encode-tools.ts';

/** Writes a Messages request from a call of any dialect. */
export function encodeCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault {
  const context = new EncodeContext(call, options);
  const maxTokens = call.maxOutputTokens ?? options.requiredMaxOutputTokens;
  if (call.maxOutputTokens === undefined) context.add('/max_tokens');
  const messages = encodeMessages(context);
  const tools = encodeTools(context);
  const format = encodeFormat(context, tools);
  const { thinking, effort } = encodeThinking(context, {
    maxTokens,
    forcedTool: format.toolChoice !== undefined || (call.toolChoice !== undefined && forces(call.toolChoice)),
    unprovenTurn: messages.at(-1)?.['role'] === 'assistant' || hasUnprovenToolLoop(messages),
  });
  const body: JsonObject = {
    model: options.upstreamModel,
    max_tokens: maxTokens,
    ...encodeSystem(context),
    messages,
    ...tools,
    ...toolsOf(format),
    ...(thinking !== undefined && { thinking }),
    ...outputConfig(format.format, effort),
    ...encodeSampling(context, thinking !== undefined && thinking['type'] !== 'disabled'),
    ...encodeSettings(context),
    ...(call.stream && { stream: true }),
  };
  const whole = withRest(body, context);
  if (context.fault !== undefined) return context.fault;
  const { dropped, added } = context;
  return { body: whole, dropped, added, ...(format.toolChoice !== undefined && { emulatesSchema: true }) };
}

function toolsOf(format: EncodedFormat): JsonObject {
  const { tools, toolChoice } = format;
  return { ...(tools !== undefined && { tools }), ...(toolChoice !== undefined && { tool_choice: toolChoice }) };
}

function outputConfig(format: JsonObject | undefined, effort: string | undefined): JsonObject {
  if (format === undefined && effort === undefined) return {};
  return { output_config: { ...(effort !== undefined && { effort }), ...(format !== undefined && { format }) } };
}

/** Settings around the call: who asks, which tier; and those that exist only elsewhere. */
function encodeSettings(context: EncodeContext): JsonObject {
  const { endUser, metadata, modalities, promptCacheKey, verbosity } = context.call;
  if (modalities?.some((modality) => modality !== 'text')) {
    context.refuse(context.call.pointers['modalities'] ?? '/modalities', 'the upstream answers in text only');
  }
  if (promptCacheKey !== undefined) context.dropField('promptCacheKey');
  if (verbosity !== undefined) context.dropField('verbosity');
  if (metadata !== undefined && !context.native) context.dropField('metadata');
  const about = {
    ...(context.native && metadata),
    ...(endUser !== undefined && { user_id: endUser }),
  };
  return { ...(Object.keys(about).length > 0 && { metadata: about }), ...encodeServiceTier(context) };
}

function encodeServiceTier(context: EncodeContext): JsonObject {
  const { serviceTier } = context.call;
  if (serviceTier === undefined) return {};
  if (context.native || serviceTier === 'auto') return { service_tier: serviceTier };
  if (serviceTier === 'default') return { service_tier: 'standard_only' };
  context.dropField('serviceTier');
  return {};
}

/** A client of this dialect gets its own unknown fields through; another dialect's are reported as lost. */
function withRest(body: JsonObject, context: EncodeContext): JsonObject {
  const whole: Record<string, Json> = { ...body };
  for (const [pointer, value] of Object.entries(context.call.rest)) {
    if (!context.native || !put(whole, pointer, value)) context.drop(pointer);
  }
  return whole;
}

/** Puts back a field of the body or of one of its objects; deeper ones lost their place. */
function put(body: Record<string, Json>, pointer: string, value: Json): boolean {
  const [outer, inner, ...deeper] = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (outer === undefined || deeper.length > 0) return false;
  if (inner === undefined) {
    body[outer] = value;
    return true;
  }
  const parent = body[outer] ?? {};
  if (!isObject(parent)) return false;
  body[outer] = { ...parent, [inner]: value };
  return true;
}
