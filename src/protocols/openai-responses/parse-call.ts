import { Fault } from '../../domain/faults/fault.ts';
import type {
  ContentPart,
  Json,
  JsonObject,
  Message,
  ModelCall,
  ReasoningRequest,
} from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { FieldReader, invalidField } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import { parseContent } from './parse-content.ts';
import { parseInput } from './parse-input.ts';
import { parseFormat, parseToolChoice, parseTools } from './parse-tools.ts';

/**
 * Fields that pull in content or change what an answer is, and mean nothing elsewhere: kept as opaque parts, so that
 * no other dialect can lose them unnoticed.
 */
export const statefulFields = ['previous_response_id', 'conversation', 'prompt', 'background'] as const;

/** Translates a Responses request into the common vocabulary. */
export function parseCall(body: JsonObject, head: RequestHead): ModelCall | Fault {
  const fields = new FieldReader(body);
  for (const transport of ['model', 'stream', 'stream_options']) fields.any(transport);
  const settings = readSettings(fields);
  const text = readText(fields);
  const reasoning = readReasoning(fields);
  const tools = parseTools(fields.array('tools'));
  const choice = parseToolChoice(fields.any('tool_choice', 'toolChoice'));
  const messages = readMessages(fields);
  const fault = fields.fault ?? [text, reasoning, tools, choice, messages].find(Fault.is);
  if (fault) return fault;
  if (Fault.is(text) || Fault.is(reasoning) || Fault.is(tools) || Fault.is(choice) || Fault.is(messages)) {
    return new Fault('internal');
  }
  const opaqueChoice = choice !== undefined && 'opaque' in choice ? choice.opaque : undefined;
  return {
    dialect,
    model: head.model,
    stream: head.stream,
    messages: messages.messages,
    tools:
      opaqueChoice === undefined
        ? tools.tools
        : [...tools.tools, { type: 'opaque', dialect, value: { tool_choice: opaqueChoice }, at: '/tool_choice' }],
    ...(choice !== undefined && 'choice' in choice && { toolChoice: choice.choice }),
    ...text.call,
    ...reasoning.call,
    ...settings,
    pointers: { ...fields.pointers, ...text.pointers, ...reasoning.pointers },
    rest: { ...fields.rest(), ...text.rest, ...reasoning.rest, ...tools.rest, ...messages.rest },
  };
}

type Settings = Pick<
  ModelCall,
  'sampling' | 'maxOutputTokens' | 'parallelToolCalls' | 'endUser' | 'metadata' | 'serviceTier' | 'promptCacheKey'
>;

function readSettings(fields: FieldReader): Settings {
  return defined<Settings>({
    sampling: defined({
      temperature: fields.number('temperature', 'sampling.temperature'),
      topP: fields.number('top_p', 'sampling.topP'),
      topLogprobs: fields.number('top_logprobs', 'sampling.topLogprobs'),
    }),
    maxOutputTokens: fields.number('max_output_tokens', 'maxOutputTokens'),
    parallelToolCalls: fields.boolean('parallel_tool_calls', 'parallelToolCalls'),
    endUser: fields.string('user', 'endUser') ?? fields.string('safety_identifier', 'endUser'),
    metadata: fields.object('metadata', 'metadata'),
    serviceTier: fields.string('service_tier', 'serviceTier'),
    promptCacheKey: fields.string('prompt_cache_key', 'promptCacheKey'),
  });
}

/** Fields of a nested object: typed, their pointers, and the rest. */
interface Section<Call> {
  readonly call: Call;
  readonly pointers: { readonly [field: string]: string };
  readonly rest: { readonly [pointer: string]: Json };
}

function readText(fields: FieldReader): Section<Pick<ModelCall, 'responseFormat' | 'verbosity'>> | Fault {
  const text = new FieldReader(fields.object('text') ?? {}, '/text');
  const format = parseFormat(text.object('format', 'responseFormat'));
  const verbosity = text.string('verbosity', 'verbosity');
  if (text.fault) return text.fault;
  if (Fault.is(format)) return format;
  return { call: defined({ responseFormat: format, verbosity }), pointers: text.pointers, rest: text.rest() };
}

function readReasoning(fields: FieldReader): Section<Pick<ModelCall, 'reasoning'>> | Fault {
  const source = fields.object('reasoning', 'reasoning');
  if (source === undefined) return { call: {}, pointers: {}, rest: {} };
  const reader = new FieldReader(source, '/reasoning');
  const effort = reader.string('effort', 'reasoning.effort');
  const summary =
    reader.string('summary', 'reasoning.summary') ?? reader.string('generate_summary', 'reasoning.summary');
  if (reader.fault) return reader.fault;
  const reasoning: ReasoningRequest = defined({ effort, summary });
  return { call: { reasoning }, pointers: reader.pointers, rest: reader.rest() };
}

function readMessages(
  fields: FieldReader,
): { messages: Message[]; rest: { readonly [pointer: string]: Json } } | Fault {
  const input = parseInput(fields.any('input'));
  const instructions = fields.string('instructions');
  const state: ContentPart[] = statefulFields.flatMap((field) => {
    const value = fields.any(field);
    if (value === undefined || value === false) return [];
    return [{ type: 'opaque', dialect, value: { [field]: value }, at: `/${field}` } as const];
  });
  if (Fault.is(input)) return input;
  const messages: Message[] = [];
  if (state.length > 0) messages.push({ role: 'user', content: state });
  if (instructions !== undefined)
    messages.push({ role: 'system', content: parseContent(instructions, '/instructions') });
  messages.push(...input.messages);
  // Nothing to answer at all is an error everywhere; said here, it is said in the caller's own words.
  if (messages.length === 0) return invalidField('/input', 'is required');
  return { messages, rest: input.rest };
}

/** Leaves out what is undefined, so that "absent" has one form. */
function defined<T extends object>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
