import type {
  ContentPart,
  Json,
  JsonObject,
  Message,
  ModelCall,
  ToolResultPart,
} from '../../domain/calls/model-call.ts';
import { invalidField, isObject } from '../shared/field-reader.ts';
import type { LossReport } from '../shared/loss-report.ts';
import { parseArguments, parseJson } from '../shared/parse-arguments.ts';
import { encodeMedia, encodePart } from './encode-part.ts';
import { isThirdGeneration, missingSignature, type ModelGeneration } from './model-generation.ts';

type Content = { readonly role: 'user' | 'model'; readonly parts: JsonObject[]; readonly isToolAnswer: boolean };

interface Encoding {
  readonly call: ModelCall;
  readonly losses: LossReport;
  readonly isGemini: boolean;
  readonly isThird: boolean;
  /** Names of earlier calls by id: Gemini's answers of tools name the function. */
  readonly names: Map<string, string>;
}

/** Encodes system instructions, which Gemini keeps apart from the turns and takes as text only. */
export function encodeSystem(call: ModelCall, losses: LossReport): JsonObject | undefined {
  const parts = call.messages.filter(isSystem).flatMap(({ content }) =>
    content.flatMap((part) => {
      if (part.type === 'text') return [encodePart(part, false, losses) ?? {}];
      losses.refuse(part.at, 'Gemini takes only text as system instruction.');
      return [];
    }),
  );
  return parts.length === 0 ? undefined : { parts };
}

/** Encodes the turns. Consecutive messages of a side are one turn; answers of tools stay a turn of their own. */
export function encodeContents(call: ModelCall, model: ModelGeneration, losses: LossReport): JsonObject[] {
  const isThird = isThirdGeneration(model);
  const encoding: Encoding = { call, losses, isGemini: call.dialect === 'gemini', isThird, names: new Map() };
  const contents: Content[] = [];
  for (const message of call.messages) {
    if (isSystem(message)) continue;
    const role = message.role === 'assistant' ? 'model' : 'user';
    const isToolAnswer = message.role === 'tool';
    if (role === 'user') refuseForeignContent(message, losses);
    const parts = message.content.flatMap((part) => encodeAny(part, encoding));
    const last = contents.at(-1);
    if (last?.role === role && last.isToolAnswer === isToolAnswer) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts, isToolAnswer });
  }
  if (isThird) addMissingSignatures(contents, losses);
  return contents.map(({ role, parts }) => ({ role, parts }));
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

/** What only another provider understands of the model's own turns can stay behind; what a user sent cannot. */
function refuseForeignContent({ content }: Message, losses: LossReport): void {
  for (const part of content) {
    if (part.type !== 'opaque' || part.dialect === 'gemini') continue;
    losses.refuse(part.at, 'Gemini does not support this kind of content.');
  }
}

function encodeAny(part: ContentPart, encoding: Encoding): JsonObject[] {
  if (part.type === 'tool-result') return encodeResult(part, encoding);
  if (part.type === 'tool-call') return encodeCallPart(part, encoding);
  const encoded = encodePart(part, encoding.isGemini, encoding.losses);
  return encoded === undefined ? [] : [encoded];
}

function encodeCallPart(
  part: Extract<ContentPart, { readonly type: 'tool-call' }>,
  { losses, names, isThird }: Encoding,
): JsonObject[] {
  const { id, name, signature } = part;
  names.set(id, name);
  const args = parseArguments(part.arguments);
  if (args === undefined) {
    losses.reject(invalidField(part.at ?? '', 'the arguments of an earlier tool call are not a JSON object'));
    return [];
  }
  if (part.cache !== undefined && part.at !== undefined) losses.drop(`${part.at}/cache_control`);
  return [
    {
      functionCall: { ...(isThird && { id }), name, args },
      ...(signature !== undefined && { thoughtSignature: signature }),
    },
  ];
}

function encodeResult(part: ToolResultPart, encoding: Encoding): JsonObject[] {
  const { losses, names, isThird, isGemini } = encoding;
  const name = names.get(part.toolCallId) ?? part.name;
  if (name === undefined) {
    losses.reject(invalidField(part.at ?? '', `answers the tool call ${part.toolCallId}, which no earlier turn made`));
    return [];
  }
  if (part.cache !== undefined && part.at !== undefined) losses.drop(`${part.at}/cache_control`);
  const media: JsonObject[] = [];
  let text = '';
  for (const piece of part.content) {
    if (piece.type === 'text') text += piece.text;
    else if ('source' in piece) media.push(encodeMedia(piece, isGemini, losses) ?? {});
    else losses.drop(piece.at ?? part.at);
  }
  // Before the third generation an answer holds text only: its media follow as parts of the same turn.
  const inside = isThird ? media.filter((item) => 'inlineData' in item) : [];
  const response = {
    ...(isThird && { id: part.toolCallId }),
    name,
    response: responseOf(text, part.isError ?? false),
    ...(inside.length > 0 && { parts: inside }),
  };
  return [{ functionResponse: response }, ...media.filter((item) => !inside.includes(item))];
}

/** An answer that is itself a JSON object is sent as such, unless the envelope's own words would be misread. */
function responseOf(text: string, isError: boolean): JsonObject {
  if (isError) return { error: text };
  const value = text.startsWith('{') ? parseJson(text) : undefined;
  return isObject(value) && !('output' in value) && !('error' in value) ? value : { output: text };
}

/** Third-generation models refuse a call of the running turn without a signature on the first call of each step. */
function addMissingSignatures(contents: readonly Content[], losses: LossReport): void {
  const turnStart = contents.findLastIndex(({ role, isToolAnswer }) => role === 'user' && !isToolAnswer);
  for (const [at, { role, parts }] of contents.entries()) {
    if (at < turnStart || role !== 'model') continue;
    const index = parts.findIndex((part) => 'functionCall' in part);
    const first: Json | undefined = parts[index];
    if (!isObject(first) || first['thoughtSignature'] !== undefined) continue;
    parts[index] = { ...first, thoughtSignature: missingSignature };
    losses.add(`/contents/${at}/parts/${index}/thoughtSignature`);
  }
}
