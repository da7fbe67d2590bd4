import { createHash } from 'node:crypto';
import type { ContentPart, JsonObject, Message, ReasoningPart, ToolResultPart } from '../../domain/calls/model-call.ts';
import { invalidField } from '../shared/field-reader.ts';
import { parseArguments } from '../shared/parse-arguments.ts';
import { cachePoints } from './cache-point.ts';
import { encodeMedia } from './encode-media.ts';
import type { Encoding } from './encoding.ts';

const allowedId = /^[\w-]{1,64}$/;

/** Encodes system instructions, which Converse keeps apart from the turns. */
export function encodeSystem({ call, losses }: Encoding): JsonObject[] {
  return call.messages.filter(isSystem).flatMap(({ content }) =>
    content.flatMap((part) => {
      if (part.type === 'text') return part.text === '' ? [] : [{ text: part.text }, ...cachePoints(part.cache)];
      losses.refuse(part.at, 'Bedrock takes only text as system instruction.');
      return [];
    }),
  );
}

/** Encodes the turns; Converse wants both sides to alternate, and answers of tools on the user's. */
export function encodeMessages(encoding: Encoding): JsonObject[] {
  const turns: { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }[] = [];
  for (const message of encoding.call.messages) {
    if (isSystem(message)) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    if (role === 'user') refuseForeignContent(message, encoding);
    const content = message.content.flatMap((part) => encodePart(part, encoding));
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  return turns;
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

/** What only another provider understands of the model's own turns can stay behind; what a user sent cannot. */
function refuseForeignContent({ content }: Message, { losses }: Encoding): void {
  for (const part of content) {
    if (part.type === 'opaque') losses.refuse(part.at, 'Bedrock does not support this kind of content.');
  }
}

function encodePart(part: ContentPart, encoding: Encoding): JsonObject[] {
  const block = encodeBlock(part, encoding);
  if (block === undefined) return [];
  return [block, ...cachePoints('cache' in part ? part.cache : undefined)];
}

function encodeBlock(part: ContentPart, encoding: Encoding): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      // An empty text block is refused, and says nothing.
      return part.text === '' ? undefined : { text: part.text };
    case 'tool-call':
      return encodeCall(part, encoding);
    case 'tool-result':
      return { toolResult: encodeResult(part, encoding) };
    case 'reasoning':
      return encodeReasoning(part, encoding);
    case 'opaque':
      encoding.losses.drop(part.at);
      return undefined;
    default:
      return encodeMedia(part, encoding);
  }
}

function encodeCall(
  part: Extract<ContentPart, { readonly type: 'tool-call' }>,
  { losses }: Encoding,
): JsonObject | undefined {
  const input = parseArguments(part.arguments);
  if (input === undefined) {
    losses.reject(invalidField(part.at ?? '', 'the arguments of an earlier tool call are not a JSON object'));
    return undefined;
  }
  return { toolUse: { toolUseId: toolUseId(part.id), name: part.name, input } };
}

function encodeResult(part: ToolResultPart, encoding: Encoding): JsonObject {
  const content = part.content.flatMap((piece): JsonObject[] => {
    if (piece.type === 'text') return piece.text === '' ? [] : [{ text: piece.text }];
    const media = 'source' in piece ? encodeMedia(piece, encoding) : undefined;
    if (media === undefined) encoding.losses.drop(piece.at ?? part.at);
    return media === undefined ? [] : [media];
  });
  return {
    toolUseId: toolUseId(part.toolCallId),
    content: content.length > 0 ? content : [{ text: '(no output)' }],
    ...(part.isError === true && { status: 'error' }),
  };
}

/**
 * Reasoning without its proof is refused by the models that sign theirs, and a proof is good only at its issuer: what
 * cannot be proven stays behind as a whole.
 */
function encodeReasoning(part: ReasoningPart, { call, family, losses }: Encoding): JsonObject | undefined {
  const { text, signature, redacted, provenance = call.dialect } = part;
  if (family === 'claude' && provenance === 'bedrock-converse' && redacted !== undefined) {
    return { reasoningContent: { redactedContent: redacted } };
  }
  if (family === 'claude' && provenance === 'anthropic-messages' && signature !== undefined) {
    return { reasoningContent: { reasoningText: { text, signature } } };
  }
  losses.drop(part.at);
  return undefined;
}

/** Ids of other dialects may be longer or use other characters; the same id always becomes the same. */
function toolUseId(id: string): string {
  if (allowedId.test(id)) return id;
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}
