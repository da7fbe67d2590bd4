import { Fault } from '../../domain/faults/fault.ts';
import type {
  JsonObject,
  ModelCall,
  ReasoningRequest,
  Sampling,
  Tool,
  ToolChoice,
} from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { FieldReader, invalidField } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import { parseMessages } from './parse-messages.ts';
import { parseFunctions, parseResponseFormat, parseTools, parseToolChoice } from './parse-tools.ts';
import { numberOf, objectOf, textOf } from './values.ts';

/** Translates a whole request; what the common vocabulary has no word for is kept in `rest`. */
export function parseCall(body: JsonObject, head: RequestHead): ModelCall | Fault {
  if (head.operation !== 'generate') {
    return new Fault('unsupported_feature', { message: 'Only chat requests can be translated between dialects.' });
  }
  const reader = new FieldReader(body);
  for (const key of ['model', 'stream', 'stream_options']) reader.any(key);
  const conversation = parseMessages(reader.array('messages') ?? []);
  if (Fault.is(conversation)) return conversation;
  const tools = readTools(reader);
  if (Fault.is(tools)) return tools;
  const toolChoice = readToolChoice(reader);
  if (Fault.is(toolChoice)) return toolChoice;
  const format = reader.object('response_format', 'responseFormat');
  const responseFormat = format && parseResponseFormat(format);
  if (Fault.is(responseFormat)) return responseFormat;
  const sampling = readSampling(reader);
  if (Fault.is(sampling)) return sampling;
  const call = {
    dialect,
    model: head.model,
    stream: head.stream,
    messages: conversation.messages,
    tools,
    toolChoice,
    parallelToolCalls: reader.boolean('parallel_tool_calls', 'parallelToolCalls'),
    responseFormat,
    reasoning: readReasoning(reader),
    sampling,
    maxOutputTokens:
      reader.number('max_completion_tokens', 'maxOutputTokens') ?? reader.number('max_tokens', 'maxOutputTokens'),
    modalities: readModalities(reader),
    endUser: reader.string('user', 'endUser') ?? reader.string('safety_identifier', 'endUser'),
    metadata: reader.object('metadata', 'metadata'),
    serviceTier: reader.string('service_tier', 'serviceTier'),
    promptCacheKey: reader.string('prompt_cache_key', 'promptCacheKey'),
    verbosity: reader.string('verbosity', 'verbosity'),
  };
  return reader.fault ?? { ...call, pointers: reader.pointers, rest: { ...reader.rest(), ...conversation.rest } };
}

function readTools(reader: FieldReader): readonly Tool[] | Fault {
  const tools = reader.array('tools', 'tools');
  if (tools) return parseTools(tools);
  const functions = reader.array('functions', 'tools');
  return functions ? parseFunctions(functions) : [];
}

function readToolChoice(reader: FieldReader): ToolChoice | undefined | Fault {
  for (const key of ['tool_choice', 'function_call']) {
    const value = reader.any(key, 'toolChoice');
    if (value !== undefined) return parseToolChoice(value, `/${key}`);
  }
  return undefined;
}

function readSampling(reader: FieldReader): Sampling | Fault {
  const stop = readStop(reader);
  if (Fault.is(stop)) return stop;
  return {
    temperature: reader.number('temperature', 'sampling.temperature'),
    topP: reader.number('top_p', 'sampling.topP'),
    topK: reader.number('top_k', 'sampling.topK'),
    frequencyPenalty: reader.number('frequency_penalty', 'sampling.frequencyPenalty'),
    presencePenalty: reader.number('presence_penalty', 'sampling.presencePenalty'),
    seed: reader.number('seed', 'sampling.seed'),
    stop,
    candidates: reader.number('n', 'sampling.candidates'),
    logprobs: reader.boolean('logprobs', 'sampling.logprobs'),
    topLogprobs: reader.number('top_logprobs', 'sampling.topLogprobs'),
    logitBias: reader.object('logit_bias', 'sampling.logitBias'),
  };
}

function readStop(reader: FieldReader): readonly string[] | undefined | Fault {
  const stop = reader.any('stop', 'sampling.stop');
  if (stop === undefined) return undefined;
  if (typeof stop === 'string') return [stop];
  const words = Array.isArray(stop) ? stop.filter((word): word is string => typeof word === 'string') : [];
  return Array.isArray(stop) && words.length === stop.length
    ? words
    : invalidField('/stop', 'must be a text or a list of texts');
}

/** The dialect's own effort word, or one of the two objects that compatible hosts take. */
function readReasoning(reader: FieldReader): ReasoningRequest | undefined {
  const effort = reader.string('reasoning_effort', 'reasoning');
  if (effort !== undefined) return { effort };
  const wanted = objectOf(reader.any('reasoning', 'reasoning'));
  if (wanted) {
    const { enabled } = wanted;
    return {
      enabled: typeof enabled === 'boolean' ? enabled : undefined,
      effort: textOf(wanted['effort']),
      budgetTokens: numberOf(wanted['max_tokens']),
      summary: textOf(wanted['summary']),
    };
  }
  const thinking = objectOf(reader.any('thinking', 'reasoning'));
  return thinking && { enabled: thinking['type'] !== 'disabled', budgetTokens: numberOf(thinking['budget_tokens']) };
}

function readModalities(reader: FieldReader): readonly string[] | undefined {
  return reader.array('modalities', 'modalities')?.filter((word): word is string => typeof word === 'string');
}
