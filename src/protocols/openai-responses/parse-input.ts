import type { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, Json, JsonObject, Message } from '../../domain/calls/model-call.ts';
import { invalidField, isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { dialect } from './dialect-name.ts';
import { textsOf } from './json-text.ts';
import { parseContent } from './parse-content.ts';
import { openReasoningProof } from './reasoning-envelope.ts';

type Role = Message['role'];

/** Messages of a request's input, with what they hold that the common vocabulary has no word for. */
export interface ParsedInput {
  readonly messages: readonly Message[];
  /** Extra fields of items, by JSON pointer. */
  readonly rest: { readonly [pointer: string]: Json };
}

const roles: ReadonlySet<string> = new Set<Role>(['system', 'developer', 'user', 'assistant']);
const messageFields = new Set(['type', 'role', 'content', 'id', 'status']);
const callFields = new Set(['type', 'id', 'call_id', 'name', 'arguments', 'status', 'extra_content']);
const outputFields = new Set(['type', 'id', 'call_id', 'output', 'status']);

/**
 * Reads `input`: a string, or items. Items of one turn (reasoning, text, tool calls) become one message, as the other
 * dialects have it; items only this dialect understands stay whole as opaque parts.
 */
export function parseInput(input: Json | undefined): ParsedInput | Fault {
  if (input === undefined || input === null) return { messages: [], rest: {} };
  if (typeof input === 'string') {
    return { messages: [{ role: 'user', content: parseContent(input, '/input') }], rest: {} };
  }
  if (!Array.isArray(input)) return invalidField('/input', 'must be a string or an array');
  const turns = new TurnBuilder();
  const rest: Record<string, Json> = {};
  for (const [index, item] of input.entries()) {
    const fault = readItem(item, `/input/${index}`, { turns, rest });
    if (fault) return fault;
  }
  return { messages: turns.messages, rest };
}

interface Sink {
  readonly turns: TurnBuilder;
  readonly rest: Record<string, Json>;
}

function readItem(item: Json, at: string, sink: Sink): Fault | undefined {
  if (!isObject(item)) return invalidField(at, 'must be an object');
  switch (item['type'] ?? 'message') {
    case 'message':
      return readMessage(item, at, sink);
    case 'reasoning':
      sink.turns.add('assistant', [parseReasoning(item, at)]);
      return undefined;
    case 'function_call':
      return readFunctionCall(item, at, sink);
    case 'function_call_output':
      return readFunctionOutput(item, at, sink);
    default:
      sink.turns.add(roleOfOpaque(item), [{ type: 'opaque', dialect, value: item, at }]);
      return undefined;
  }
}

function readMessage(item: JsonObject, at: string, { turns, rest }: Sink): Fault | undefined {
  const { role, content } = item;
  if (typeof role !== 'string' || !roles.has(role)) {
    return invalidField(`${at}/role`, 'must be one of user, assistant, system, developer');
  }
  if (typeof content !== 'string' && !Array.isArray(content)) {
    return invalidField(`${at}/content`, 'must be a string or an array');
  }
  collectRest(item, { at, known: messageFields, rest });
  const parts = parseContent(content, `${at}/content`);
  if (role === 'assistant') turns.add('assistant', parts);
  else turns.start(role as Role, parts);
  return undefined;
}

function readFunctionCall(item: JsonObject, at: string, { turns, rest }: Sink): Fault | undefined {
  const { call_id: id, name, arguments: text } = item;
  if (typeof id !== 'string') return invalidField(`${at}/call_id`, 'must be a string');
  if (typeof name !== 'string') return invalidField(`${at}/name`, 'must be a string');
  collectRest(item, { at, known: callFields, rest });
  const signature = googleSignature(item);
  turns.add('assistant', [
    {
      type: 'tool-call',
      id,
      name,
      arguments: typeof text === 'string' ? text : '{}',
      at,
      ...(signature !== undefined && { signature }),
    },
  ]);
  return undefined;
}

function readFunctionOutput(item: JsonObject, at: string, { turns, rest }: Sink): Fault | undefined {
  const { call_id: toolCallId, output } = item;
  if (typeof toolCallId !== 'string') return invalidField(`${at}/call_id`, 'must be a string');
  collectRest(item, { at, known: outputFields, rest });
  const content = parseContent(output, `${at}/output`);
  turns.add('tool', [{ type: 'tool-result', toolCallId, content, at }]);
  return undefined;
}

function parseReasoning(item: JsonObject, at: string): ContentPart {
  const { id, encrypted_content: encrypted } = item;
  const proof = typeof encrypted === 'string' ? openReasoningProof(encrypted) : undefined;
  const full = textsOf(item['content']);
  return {
    type: 'reasoning',
    text: full === '' ? textsOf(item['summary']) : full,
    at,
    ...(typeof id === 'string' && { id }),
    ...(typeof encrypted === 'string' && proof === undefined && { encrypted }),
    ...proof,
  };
}

function googleSignature(item: JsonObject): string | undefined {
  const extra = item['extra_content'];
  const google = isObject(extra) ? extra['google'] : undefined;
  const signature = isObject(google) ? google['thought_signature'] : undefined;
  return typeof signature === 'string' ? signature : undefined;
}

/** Calls belong to the model's turn, their outputs to the tools'; what else there is, the client said. */
function roleOfOpaque(item: JsonObject): Role {
  const type = wordOf(item['type']);
  if (type.endsWith('_call') || type === 'mcp_approval_request' || type === 'mcp_list_tools') return 'assistant';
  return type.endsWith('_output') ? 'tool' : 'user';
}

function collectRest(
  item: JsonObject,
  into: { readonly at: string; readonly known: ReadonlySet<string>; readonly rest: Record<string, Json> },
): void {
  for (const [key, value] of Object.entries(item)) {
    if (!into.known.has(key) && value !== null) into.rest[`${into.at}/${key}`] = value;
  }
}

/** Joins items of one turn into one message. */
class TurnBuilder {
  readonly messages: { readonly role: Role; readonly content: ContentPart[] }[] = [];

  /** Continues the last message if it has that role. */
  add(role: Role, parts: readonly ContentPart[]): void {
    const last = this.messages.at(-1);
    if (last?.role === role && role !== 'user') last.content.push(...parts);
    else this.start(role, parts);
  }

  /** Begins a message of its own. */
  start(role: Role, parts: readonly ContentPart[]): void {
    this.messages.push({ role, content: [...parts] });
  }
}
