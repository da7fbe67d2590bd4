import { encodeTier } from '../shared/encode-tier.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { LossReport } from '../shared/loss-report.ts';
import { encodeConfig } from './encode-config.ts';
import { encodeContents, encodeSystem } from './encode-contents.ts';
import { encodeToolConfig, encodeTools } from './encode-tools.ts';
import { isThirdGeneration, readModelGeneration } from './model-generation.ts';

const tiers: { readonly [tier: string]: string | undefined } = {
  default: 'standard',
  standard: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  priority: 'priority',
};

/** Encodes a call as a `GenerateContentRequest`; model and streaming go into the path, which is the host's matter. */
export function encodeGeminiCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault {
  const losses = new LossReport(call);
  const model = readModelGeneration(options.upstreamModel);
  const schema = emulatedSchema(call, options);
  const emulatesSchema = schema !== undefined;
  const system = encodeSystem(call, losses);
  const tools = encodeTools(call, schema, losses);
  const toolConfig = encodeToolConfig(call.toolChoice, emulatesSchema);
  const config = encodeConfig(call, { model, withFormat: !emulatesSchema }, losses);
  refuseWhatCannotBe(call, options, losses);
  const tier = encodeTier(call, tiers, losses);
  const body: Record<string, Json> = {
    contents: encodeContents(call, model, losses),
    ...(system && { systemInstruction: system }),
    ...(tools.length > 0 && { tools }),
    ...(toolConfig && tools.length > 0 && { toolConfig }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(tier !== undefined && { serviceTier: tier }),
  };
  carryRest(call, body, losses);
  if (losses.fault !== undefined) return losses.fault;
  return { body, dropped: losses.dropped, added: losses.added, ...(emulatesSchema && { emulatesSchema }) };
}

function emulatedSchema({ responseFormat }: ModelCall, { nativeJsonSchema }: EncodeOptions): JsonObject | undefined {
  return responseFormat?.type === 'json-schema' && !nativeJsonSchema ? responseFormat.schema : undefined;
}

function refuseWhatCannotBe(call: ModelCall, options: EncodeOptions, losses: LossReport): void {
  const last = call.messages.at(-1);
  if (last?.role === 'assistant' && !options.assistantPrefill) {
    losses.refuse(last.content[0]?.at, 'The model does not continue a message of the assistant.');
  }
  const { generation } = readModelGeneration(options.upstreamModel);
  const isOlder = generation !== undefined && !isThirdGeneration({ generation, isPro: false });
  const wantsJson = call.responseFormat !== undefined && call.responseFormat.type !== 'text';
  if (isOlder && wantsJson && options.nativeJsonSchema && call.tools.length > 0) {
    losses.refuse(losses.pointerOf('responseFormat'), 'This model cannot combine tools with a JSON answer.');
  }
}

/** Between hosts of Gemini the unknown fields return to their places; of other dialects they stay behind. */
function carryRest(call: ModelCall, body: Record<string, Json>, losses: LossReport): void {
  const isGemini = call.dialect === 'gemini';
  for (const [pointer, value] of Object.entries(call.rest)) {
    if (isGemini && /^\/((generationConfig|toolConfig)\/)?[^/]+$/.test(pointer)) place(body, pointer, value);
    else losses.drop(pointer);
  }
  if (isGemini && call.metadata !== undefined) body['labels'] = call.metadata;
  else if (call.metadata !== undefined) losses.dropField('metadata');
  for (const field of ['endUser', 'promptCacheKey', 'verbosity'] as const) {
    if (call[field] !== undefined) losses.dropField(field);
  }
  if (call.parallelToolCalls === false) losses.dropField('parallelToolCalls');
}

function place(body: Record<string, Json>, pointer: string, value: Json): void {
  const [first = '', second] = pointer.slice(1).split('/');
  if (second === undefined) body[first] = value;
  else {
    const inner = body[first];
    body[first] = { ...(isObject(inner) ? inner : {}), [second]: value };
  }
}
