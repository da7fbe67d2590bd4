import type { ContentPart, JsonObject, Message } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { encodeInputParts } from './encode-content.ts';
import { dialect } from './dialect-name.ts';
import { statefulFields } from './parse-call.ts';
import type { ResponsesReport } from './responses-report.ts';

type Part<Type extends ContentPart['type']> = Extract<ContentPart, { readonly type: Type }>;

/** Input items, and the fields of the request that carry part of the conversation. */
export interface EncodedInput {
  readonly items: readonly JsonObject[];
  readonly fields: JsonObject;
}

/** Writes messages as input items: each turn falls apart into its text, reasoning, calls and outputs, in order. */
export function encodeInput(messages: readonly Message[], report: ResponsesReport): EncodedInput {
  const items: JsonObject[] = [];
  const fields: Record<string, JsonObject[string]> = {};
  for (const message of messages) {
    const { content } = message;
    if (message.name !== undefined) report.drop(namePointer(message));
    const instructions = instructionsOf(message, report);
    if (instructions !== undefined) fields['instructions'] = instructions;
    else if (!takeState(content, fields)) items.push(...encodeMessage(message, report));
  }
  return { items, fields };
}

function encodeMessage(message: Message, report: ResponsesReport): JsonObject[] {
  switch (message.role) {
    case 'assistant':
      return encodeAssistant(message.content, report);
    case 'tool':
      return encodeToolTurn(message.content, report);
    default:
      return encodeSpoken(message, report);
  }
}

/** System, developer and user turns; some dialects put tool results into the user's. */
function encodeSpoken(message: Message, report: ResponsesReport): JsonObject[] {
  const items: JsonObject[] = [];
  let spoken: ContentPart[] = [];
  const flush = (): void => {
    const content = encodeInputParts(spoken, report);
    if (content.length > 0) items.push({ type: 'message', role: message.role, content });
    spoken = [];
  };
  for (const part of message.content) {
    const whole = wholeItem(part);
    if (part.type !== 'tool-result' && whole === undefined) {
      spoken.push(part);
      continue;
    }
    flush();
    items.push(...(part.type === 'tool-result' ? [encodeToolResult(part, report)] : []), ...(whole ? [whole] : []));
  }
  flush();
  return items;
}

function encodeToolTurn(content: readonly ContentPart[], report: ResponsesReport): JsonObject[] {
  return content.flatMap((part) => {
    if (part.type === 'tool-result') return [encodeToolResult(part, report)];
    const whole = wholeItem(part);
    if (whole !== undefined) return [whole];
    report.refuse(part.at, 'A tool turn holds something other than tool results.');
    return [];
  });
}

function encodeToolResult(part: Part<'tool-result'>, report: ResponsesReport): JsonObject {
  const content = encodeInputParts(part.content, report);
  const [only] = content;
  const text = content.length === 1 && only?.['type'] === 'input_text' ? only['text'] : undefined;
  if (part.isError === true && part.at !== undefined) report.drop(`${part.at}/is_error`);
  if (part.cache !== undefined && part.at !== undefined) report.drop(`${part.at}/cache_control`);
  return {
    type: 'function_call_output',
    call_id: part.toolCallId,
    output: content.length === 0 ? '' : (text ?? content),
  };
}

/** Reasoning and calls are items of their own; the texts between them are messages. */
function encodeAssistant(content: readonly ContentPart[], report: ResponsesReport): JsonObject[] {
  const items: JsonObject[] = [];
  let said: JsonObject[] = [];
  const flush = (): void => {
    if (said.length > 0) items.push({ type: 'message', role: 'assistant', content: said });
    said = [];
  };
  for (const part of content) {
    if (part.type === 'text') said.push({ type: 'output_text', text: part.text, annotations: [] });
    else if (part.type === 'refusal') said.push({ type: 'refusal', refusal: part.text });
    else {
      flush();
      const item = encodeAssistantItem(part, report);
      if (item !== undefined) items.push(item);
    }
    if (part.type === 'text' && part.cache !== undefined && part.at !== undefined)
      report.drop(`${part.at}/cache_control`);
  }
  flush();
  return items;
}

function encodeAssistantItem(part: ContentPart, report: ResponsesReport): JsonObject | undefined {
  if (part.type === 'tool-call') {
    const { id, name, arguments: text } = part;
    return { type: 'function_call', call_id: id, name, arguments: text === '' ? '{}' : text };
  }
  if (part.type === 'reasoning') return encodeReasoning(part, report);
  const whole = wholeItem(part);
  if (whole !== undefined) return whole;
  // What a model once made or looked up elsewhere is history; without it the conversation still reads on.
  report.drop(part.at);
  return undefined;
}

/** Only reasoning issued by this dialect is accepted back; any other would fail the request. */
function encodeReasoning(part: Part<'reasoning'>, report: ResponsesReport): JsonObject | undefined {
  const { id, text, encrypted, provenance } = part;
  const ours = provenance === undefined || provenance === dialect;
  const stored = report.callDialect === dialect && id !== undefined;
  if (!ours || (encrypted === undefined && !stored)) {
    report.drop(part.at);
    return undefined;
  }
  return {
    type: 'reasoning',
    ...(id !== undefined && { id }),
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  };
}

/** An opaque part of this dialect that is an item by itself. */
function wholeItem(part: ContentPart): JsonObject | undefined {
  const own = part.type === 'opaque' && part.dialect === dialect && isObject(part.value) ? part.value : undefined;
  const isContent = typeof own?.['type'] === 'string' && own['type'].startsWith('input_');
  return isContent ? undefined : own;
}

/** `instructions` go back to where they came from. */
function instructionsOf(message: Message, report: ResponsesReport): string | undefined {
  const [part] = message.content;
  if (report.callDialect !== dialect || part?.type !== 'text' || part.at !== '/instructions') return undefined;
  return part.text;
}

/** Puts stateful fields back; true when the message was only their carrier. */
function takeState(content: readonly ContentPart[], fields: Record<string, JsonObject[string]>): boolean {
  let taken = false;
  for (const part of content) {
    if (part.type !== 'opaque' || part.dialect !== dialect || !isObject(part.value)) return false;
    const { value } = part;
    if (!statefulFields.some((field) => part.at === `/${field}` && field in value)) return false;
    Object.assign(fields, value);
    taken = true;
  }
  return taken;
}

function namePointer(message: Message): string | undefined {
  const at = message.content[0]?.at;
  const match = at === undefined ? undefined : /^\/[^/]+\/\d+/.exec(at);
  return match ? `${match[0]}/name` : undefined;
}
