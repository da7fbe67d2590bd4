import type { ContentPart, JsonObject, ReasoningPart, ToolCallPart } from '../../domain/calls/model-call.ts';
import { cacheControl } from './cache-control.ts';
import { anthropicDialect } from './dialect-name.ts';
import type { EncodeContext } from './encode-context.ts';
import { encodeDocument, encodeImage } from './encode-media.ts';
import { readArguments } from './read-arguments.ts';

/** Who speaks: the same block means different things in the two turns. */
export type Turn = 'user' | 'assistant';

/** Writes the pieces of one turn as content blocks; pieces that cannot be carried are noted in the context. */
export function encodeContent(parts: readonly ContentPart[], turn: Turn, context: EncodeContext): JsonObject[] {
  return parts.flatMap((part) => encodePart(part, turn, context));
}

function encodePart(part: ContentPart, turn: Turn, context: EncodeContext): JsonObject[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'text', text: part.text, ...cacheControl(part.cache) }];
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      return encodeImage(part, context);
    case 'document':
      return encodeDocument(part, context);
    case 'reasoning':
      return encodeReasoning(part, context);
    case 'tool-call':
      return [encodeToolCall(part, context)];
    case 'tool-result':
      return [encodeToolResult(part, context)];
    case 'opaque':
      return encodeOpaque(part, turn, context);
    default:
      context.refuse(part.at ?? '/messages', `the upstream takes no ${part.type} input`);
      return [];
  }
}

/**
 * Reasoning is accepted back only with the proof that this dialect issued, exactly as issued. Anything else, text
 * without proof included, is left out: sending it would have the whole conversation refused.
 */
function encodeReasoning(part: ReasoningPart, context: EncodeContext): JsonObject[] {
  const { text, signature, redacted, provenance, at } = part;
  const own = provenance === anthropicDialect || (provenance === undefined && context.native);
  if (own && redacted !== undefined) return [{ type: 'redacted_thinking', data: redacted }];
  if (own && signature !== undefined) return [{ type: 'thinking', thinking: text, signature }];
  context.lostProof = true;
  context.drop(at);
  return [];
}

function encodeToolCall(part: ToolCallPart, context: EncodeContext): JsonObject {
  return {
    type: 'tool_use',
    id: context.callId(part.id),
    name: part.name,
    input: readArguments(part.arguments),
    ...cacheControl(part.cache),
  };
}

function encodeToolResult(
  part: Extract<ContentPart, { readonly type: 'tool-result' }>,
  context: EncodeContext,
): JsonObject {
  const blocks = encodeContent(part.content, 'user', context);
  const only = blocks.length === 1 ? blocks[0] : undefined;
  const plain = only?.['type'] === 'text' && only['cache_control'] === undefined ? only['text'] : undefined;
  return {
    type: 'tool_result',
    tool_use_id: context.callId(part.toolCallId),
    ...(blocks.length > 0 && { content: plain ?? blocks }),
    ...(part.isError !== undefined && { is_error: part.isError }),
    ...cacheControl(part.cache),
  };
}

/** Another provider's records of its own tools are history the model can do without; what a user sent is not. */
function encodeOpaque(
  part: Extract<ContentPart, { readonly type: 'opaque' }>,
  turn: Turn,
  context: EncodeContext,
): JsonObject[] {
  const { dialect, value, at = '/messages' } = part;
  if (dialect === anthropicDialect && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return [value as JsonObject];
  }
  if (turn === 'user') context.refuse(at, 'the upstream does not know this kind of content');
  else context.drop(at);
  return [];
}
