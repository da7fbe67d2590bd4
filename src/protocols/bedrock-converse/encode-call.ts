import { encodeTier } from '../shared/encode-tier.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { claudeTraits } from '../anthropic-messages/index.ts';
import { LossReport } from '../shared/loss-report.ts';
import { encodeMessages, encodeSystem } from './encode-messages.ts';
import { encodeModelFields } from './encode-model-fields.ts';
import { encodeToolConfig } from './encode-tools.ts';
import type { Encoding } from './encoding.ts';
import { modelFamilyOf } from './model-family.ts';

const tiers: { readonly [tier: string]: string | undefined } = {
  default: 'default',
  standard: 'default',
  standard_only: 'default',
  flex: 'flex',
  priority: 'priority',
};

const lostSampling = ['frequencyPenalty', 'presencePenalty', 'seed', 'logprobs', 'topLogprobs', 'logitBias'] as const;
const lostFields = ['endUser', 'metadata', 'promptCacheKey', 'verbosity'] as const;

/** Encodes a call as the body of Converse; the model stands in the path. */
export function encodeConverseCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault {
  const losses = new LossReport(call);
  const family = modelFamilyOf(options.upstreamModel);
  const claude = family === 'claude' ? claudeTraits(options.upstreamModel) : undefined;
  const encoding: Encoding = { call, family, claude, losses, documentNames: new Set() };
  const schema = emulatedSchema(call, options);
  const system = encodeSystem(encoding);
  const toolConfig = encodeToolConfig(encoding, schema);
  const inferenceConfig = encodeInference(encoding);
  const modelFields = encodeModelFields(encoding);
  const tier = encodeTier(call, tiers, losses);
  const format = schema === undefined ? encodeFormat(call) : undefined;
  refuseWhatCannotBe(call, options, { losses, forcesTool: schema !== undefined && 'thinking' in modelFields });
  reportLosses(call, losses);
  const body: Record<string, Json> = {
    messages: encodeMessages(encoding),
    ...(system.length > 0 && { system }),
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(toolConfig && { toolConfig }),
    ...(format && { outputConfig: format }),
    ...(Object.keys(modelFields).length > 0 && { additionalModelRequestFields: modelFields }),
    ...(tier !== undefined && { serviceTier: { type: tier } }),
  };
  if (losses.fault !== undefined) return losses.fault;
  const emulated = schema !== undefined && { emulatesSchema: true };
  return { body, dropped: losses.dropped, added: losses.added, ...emulated };
}

/** Converse has no mode for JSON of any shape: a tool that takes any object stands in for that as well. */
function emulatedSchema({ responseFormat }: ModelCall, { nativeJsonSchema }: EncodeOptions): JsonObject | undefined {
  if (responseFormat?.type === 'json') return { type: 'object' };
  return responseFormat?.type === 'json-schema' && !nativeJsonSchema ? responseFormat.schema : undefined;
}

function encodeFormat({ responseFormat }: ModelCall): JsonObject | undefined {
  if (responseFormat?.type !== 'json-schema') return undefined;
  const { name, description, schema } = responseFormat;
  const jsonSchema = {
    schema: JSON.stringify(schema),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  };
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

function encodeInference({ call, claude, losses }: Encoding): JsonObject {
  const { maxOutputTokens, sampling } = call;
  const { temperature, topP, stop } = sampling;
  const takesSampling = claude?.sampling ?? true;
  const takesBoth = takesSampling && (claude?.temperatureWithTopP ?? true);
  const keepsTopP = takesSampling && (takesBoth || temperature === undefined);
  if (temperature !== undefined && !takesSampling) losses.dropField('sampling.temperature');
  if (topP !== undefined && !keepsTopP) losses.dropField('sampling.topP');
  return {
    ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
    ...(temperature !== undefined && takesSampling && { temperature }),
    ...(topP !== undefined && keepsTopP && { topP }),
    ...(stop !== undefined && stop.length > 0 && { stopSequences: stop }),
  };
}

function refuseWhatCannotBe(
  call: ModelCall,
  options: EncodeOptions,
  { losses, forcesTool }: { readonly losses: LossReport; readonly forcesTool: boolean },
): void {
  if ((call.sampling.candidates ?? 1) > 1) {
    losses.refuse(losses.pointerOf('sampling.candidates'), 'Bedrock gives one answer per call.');
  }
  if (call.modalities?.some((word) => word !== 'text')) {
    losses.refuse(losses.pointerOf('modalities'), 'Converse answers in text only.');
  }
  const last = call.messages.at(-1);
  if (last?.role === 'assistant' && !options.assistantPrefill) {
    losses.refuse(last.content[0]?.at, 'The model does not continue a message of the assistant.');
  }
  if (forcesTool) {
    losses.refuse(
      losses.pointerOf('responseFormat'),
      'A JSON answer needs a forced tool here, which thinking excludes.',
    );
  }
}

function reportLosses(call: ModelCall, losses: LossReport): void {
  for (const name of lostSampling) {
    const value = call.sampling[name];
    if (value !== undefined && value !== false) losses.dropField(`sampling.${name}`);
  }
  for (const name of lostFields) if (call[name] !== undefined) losses.dropField(name);
  if (call.parallelToolCalls === false) losses.dropField('parallelToolCalls');
  for (const pointer of Object.keys(call.rest)) losses.drop(pointer);
}
