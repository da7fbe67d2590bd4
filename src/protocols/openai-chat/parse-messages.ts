import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, Json, JsonObject, Message, ReasoningPart } from '../../domain/calls/model-call.ts';
import { FieldReader, invalidField, isObject } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import { parseContent } from './parse-content.ts';
import { readReasoningDetails } from './reasoning-fields.ts';
import { objectOf, textOf } from './values.ts';

/** The conversation, and the fields of its messages that have no word in the common vocabulary. */
export interface ParsedMessages {
  readonly messages: readonly Message[];
  readonly rest: Readonly<Record<string, Json>>;
}

/** Reads `messages`, one turn each, in order. */
export function parseMessages(values: readonly Json[]): ParsedMessages | Fault {
  const messages: Message[] = [];
  const rest: Record<string, Json> = {};
  const parser = new MessageParser();
  for (const [index, value] of values.entries()) {
    if (!isObject(value)) return invalidField(`/messages/${index}`, 'must be an object');
    const reader = new FieldReader(value, `/messages/${index}`);
    const message = parser.parse(reader, index);
    if (Fault.is(message)) return message;
    if (reader.fault) return reader.fault;
    messages.push(message);
    Object.assign(rest, reader.rest());
  }
  return { messages, rest };
}

class MessageParser {
  /** Ids made up for calls of the time before tools, by function name. */
  readonly #legacyIds = new Map<string, string>();

  parse(reader: FieldReader, index: number): Message | Fault {
    const role = reader.string('role');
    switch (role) {
      case 'system':
      case 'developer':
      case 'user': {
        const content = parseContent(reader);
        return Fault.is(content) ? content : { role, content, name: reader.string('name') };
      }
      case 'assistant':
        return this.#parseAssistant(reader, index);
      case 'tool':
        return parseToolResult(reader);
      case 'function':
        return this.#parseFunctionResult(reader);
      default:
        return (
          reader.fault ?? invalidField(reader.pointerTo('role'), 'must be system, developer, user, assistant or tool')
        );
    }
  }

  #parseAssistant(reader: FieldReader, index: number): Message | Fault {
    const reasoning = parseReasoning(reader);
    const content = parseContent(reader);
    if (Fault.is(content)) return content;
    const parts: ContentPart[] = [...reasoning, ...content];
    const refusal = reader.string('refusal');
    if (refusal !== undefined) parts.push({ type: 'refusal', text: refusal, at: reader.pointerTo('refusal') });
    const audio = reader.object('audio');
    if (audio) parts.push({ type: 'opaque', dialect, value: { audio }, at: reader.pointerTo('audio') });
    for (const [position, call] of (reader.array('tool_calls') ?? []).entries()) {
      const part = parseToolCall(call, `${reader.pointerTo('tool_calls')}/${position}`);
      if (Fault.is(part)) return part;
      parts.push(part);
    }
    const legacy = reader.object('function_call');
    if (legacy) parts.push(this.#parseFunctionCall(legacy, { at: reader.pointerTo('function_call'), index }));
    return { role: 'assistant', content: parts, name: reader.string('name') };
  }

  #parseFunctionCall(call: JsonObject, place: { readonly at: string; readonly index: number }): ContentPart {
    const name = textOf(call['name']) ?? '';
    const id = `call_${place.index}`;
    this.#legacyIds.set(name, id);
    return { type: 'tool-call', id, name, arguments: textOf(call['arguments']) ?? '', at: place.at };
  }

  #parseFunctionResult(reader: FieldReader): Message | Fault {
    const name = reader.string('name') ?? '';
    const content = parseContent(reader);
    if (Fault.is(content)) return content;
    const toolCallId = this.#legacyIds.get(name) ?? `call_${name}`;
    return {
      role: 'tool',
      content: [{ type: 'tool-result', toolCallId, name, content, at: reader.pointerTo('content') }],
    };
  }
}

function parseToolResult(reader: FieldReader): Message | Fault {
  const toolCallId = reader.string('tool_call_id');
  if (toolCallId === undefined) return reader.fault ?? invalidField(reader.pointerTo('tool_call_id'), 'is required');
  const content = parseContent(reader);
  if (Fault.is(content)) return content;
  const name = reader.string('name');
  return {
    role: 'tool',
    content: [{ type: 'tool-result', toolCallId, name, content, at: reader.pointerTo('content') }],
  };
}

/** Reasoning of an earlier turn: blocks with signatures where the client kept them, else its plain text. */
function parseReasoning(reader: FieldReader): ReasoningPart[] {
  const plain = ['reasoning_content', 'reasoning'].map((key) => ({
    at: reader.pointerTo(key),
    text: textOf(reader.any(key)),
  }));
  const at = reader.pointerTo('reasoning_details');
  const details = readReasoningDetails({ reasoning_details: reader.any('reasoning_details') ?? null });
  const parts = details.map((detail): ReasoningPart => ({ type: 'reasoning', ...detail, at }));
  const text = plain.find((candidate) => candidate.text !== undefined);
  const repeated = parts.some((part) => part.text !== '');
  if (text?.text === undefined || repeated) return parts;
  return [{ type: 'reasoning', text: text.text, at: text.at }, ...parts];
}

function parseToolCall(value: Json, at: string): ContentPart | Fault {
  const call = objectOf(value);
  if (!call) return invalidField(at, 'must be an object');
  const called = objectOf(call['function']);
  if (!called) return { type: 'opaque', dialect, value: call, at };
  const { id } = call;
  const { name, arguments: argumentsText = '' } = called;
  if (typeof id !== 'string') return invalidField(`${at}/id`, 'must be a string');
  if (typeof name !== 'string') return invalidField(`${at}/function/name`, 'must be a string');
  if (typeof argumentsText !== 'string') return invalidField(`${at}/function/arguments`, 'must be a string');
  const signature = textOf(objectOf(objectOf(call['extra_content'])?.['google'])?.['thought_signature']);
  return { type: 'tool-call', id, name, arguments: argumentsText, signature, at };
}
