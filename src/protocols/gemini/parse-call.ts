import { Fault } from '../../domain/faults/fault.ts';
import type {
  Json,
  JsonObject,
  ModelCall,
  ReasoningRequest,
  ResponseFormat,
  Sampling,
} from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { GeminiReader } from './gemini-reader.ts';
import { contentsOf, unwrapCountTokens } from './head.ts';
import { toJsonSchema } from './json-schema.ts';
import { parseContents, parseSystem, type Rest } from './parse-contents.ts';
import { parseToolChoice, parseTools } from './parse-tools.ts';

/** Translates a Gemini request into the common vocabulary; fields without a word there go to `rest`. */
export function parseGeminiCall(body: JsonObject, head: RequestHead): ModelCall | Fault {
  const reader = new GeminiReader(unwrapCountTokens(body));
  if (reader.any('cachedContent') !== undefined) return cachedContentFault();
  const rest: Rest = {};
  reader.any('contents');
  reader.any('model');
  const system = reader.any('systemInstruction');
  const messages = [
    ...(system === undefined ? [] : parseSystem(system, '/systemInstruction', rest)),
    ...parseContents(contentsOf(unwrapCountTokens(body)), '/contents', rest),
  ];
  const tools = parseTools(reader.array('tools', 'tools') ?? [], rest);
  const toolConfig = reader.object('toolConfig');
  const toolChoice = toolConfig && parseToolChoice(toolConfig, reader.pointers, rest);
  const config = new GeminiReader(reader.object('generationConfig') ?? {}, '/generationConfig');
  const typed = readConfig(config, rest);
  const tier = reader.string('serviceTier', 'serviceTier')?.toLowerCase();
  const labels = reader.object('labels', 'metadata');
  const fault = reader.fault ?? config.fault;
  if (fault !== undefined) return fault;
  return {
    dialect: 'gemini',
    model: head.model,
    stream: head.stream,
    messages,
    tools,
    ...(toolChoice && { toolChoice }),
    ...typed,
    ...(tier !== undefined && { serviceTier: tier }),
    ...(labels !== undefined && { metadata: labels }),
    pointers: { ...reader.pointers, ...config.pointers },
    rest: { ...rest, ...reader.rest(), ...config.rest() },
  };
}

function cachedContentFault(): Fault {
  return new Fault('unsupported_feature', {
    message: 'cachedContent refers to content kept at Google, which other hosts cannot read.',
    param: '/cachedContent',
  });
}

type Config = Pick<ModelCall, 'sampling' | 'maxOutputTokens' | 'modalities' | 'reasoning' | 'responseFormat'>;

function readConfig(reader: GeminiReader, rest: Rest): Config {
  const maxOutputTokens = reader.number('maxOutputTokens', 'maxOutputTokens');
  const modalities = reader.array('responseModalities', 'modalities')?.map((word) => wordOf(word).toLowerCase());
  const reasoning = readReasoning(reader, rest);
  const responseFormat = readFormat(reader, rest);
  return {
    sampling: readSampling(reader),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(modalities && { modalities }),
    ...(reasoning && { reasoning }),
    ...(responseFormat && { responseFormat }),
  };
}

function readSampling(reader: GeminiReader): Sampling {
  const stop = reader.array('stopSequences', 'sampling.stop')?.map(String);
  return defined({
    temperature: reader.number('temperature', 'sampling.temperature'),
    topP: reader.number('topP', 'sampling.topP'),
    topK: reader.number('topK', 'sampling.topK'),
    frequencyPenalty: reader.number('frequencyPenalty', 'sampling.frequencyPenalty'),
    presencePenalty: reader.number('presencePenalty', 'sampling.presencePenalty'),
    seed: reader.number('seed', 'sampling.seed'),
    stop,
    candidates: reader.number('candidateCount', 'sampling.candidates'),
    logprobs: reader.boolean('responseLogprobs', 'sampling.logprobs'),
    topLogprobs: reader.number('logprobs', 'sampling.topLogprobs'),
  });
}

function readReasoning(config: GeminiReader, rest: Rest): ReasoningRequest | undefined {
  const thinking = config.object('thinkingConfig', 'reasoning');
  if (thinking === undefined) return undefined;
  const reader = new GeminiReader(thinking, config.pointerTo('thinkingConfig'));
  const budget = reader.any('thinkingBudget');
  const level = reader.any('thinkingLevel');
  const includes = reader.any('includeThoughts');
  Object.assign(rest, reader.rest());
  return defined({
    enabled: typeof budget === 'number' ? budget !== 0 : undefined,
    // -1 leaves the amount to the model.
    budgetTokens: typeof budget === 'number' && budget > 0 ? budget : undefined,
    effort: typeof level === 'string' ? level.toLowerCase() : undefined,
    summary: includes === true ? 'auto' : undefined,
  });
}

function readFormat(reader: GeminiReader, rest: Rest): ResponseFormat | undefined {
  const type = reader.string('responseMimeType', 'responseFormat');
  const openApi = reader.object('responseSchema', 'responseFormat');
  const jsonSchema = reader.object('responseJsonSchema', 'responseFormat');
  const schema = jsonSchema ?? (openApi && toJsonSchema(openApi));
  if (schema !== undefined && type !== 'text/x.enum') return { type: 'json-schema', schema };
  if (type === 'application/json') return { type: 'json' };
  if (type === undefined || type === 'text/plain') return undefined;
  const enumeration: Json = { type, ...(isObject(schema) && { schema }) };
  rest[reader.pointerTo('responseMimeType')] = enumeration;
  return undefined;
}

/** Leaves out what the client did not say. */
function defined<T extends object>(fields: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
