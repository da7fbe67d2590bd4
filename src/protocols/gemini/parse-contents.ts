import type {
  ContentPart,
  Json,
  JsonObject,
  MediaSource,
  Message,
  ToolResultPart,
} from '../../domain/calls/model-call.ts';
import { stringifyExact } from '../shared/exact-json.ts';
import { isObject } from '../shared/field-reader.ts';
import { openForeignProof, type ReasoningProof } from './foreign-signature.ts';
import { GeminiReader } from './gemini-reader.ts';
import { CallPairing } from './call-pairing.ts';

/** Where fields nobody has a word for are gathered while the turns are read. */
export type Rest = Record<string, Json>;

/**
 * Reads the turns. One content may mix answers of tools with text: tool answers become messages of their own. Clients
 * may leave out the ids of calls and answers, which are then paired by name and order.
 */
export function parseContents(contents: readonly Json[], base: string, rest: Rest): Message[] {
  const pairing = new CallPairing();
  return contents.flatMap((content, at) => {
    if (!isObject(content)) return [];
    const reader = new GeminiReader(content, `${base}/${at}`);
    const role = reader.any('role') === 'model' ? 'assistant' : 'user';
    const parts = reader.array('parts') ?? [];
    Object.assign(rest, reader.rest());
    const read = parts.flatMap((part, index) =>
      isObject(part) ? [parsePart(part, { at: `${base}/${at}/parts/${index}`, turn: at, index, pairing, rest })] : [],
    );
    return splitRoles(role, joinThoughts(read));
  });
}

/** Reads parts that hold no calls: system instructions. */
export function parseSystem(value: Json, base: string, rest: Rest): Message[] {
  const given = typeof value === 'string' ? { parts: [{ text: value }] } : value;
  const content: JsonObject = isObject(given) ? given : {};
  return parseContents([{ ...content, role: 'user' }], '', {}).map(({ content: parts }) => {
    const pointed = parts.map((part, index) => ({ ...part, at: `${base}/parts/${index}` }));
    const reader = new GeminiReader(content, base);
    reader.any('parts');
    reader.any('role');
    Object.assign(rest, reader.rest());
    return { role: 'system', content: pointed };
  });
}

interface PartContext {
  readonly at: string;
  readonly turn: number;
  readonly index: number;
  readonly pairing: CallPairing;
  readonly rest: Rest;
}

function parsePart(part: JsonObject, context: PartContext): ContentPart {
  const { at } = context;
  const reader = new GeminiReader(part, at);
  const signature = stringOf(reader.any('thoughtSignature'));
  const signed = signature !== undefined && { signature };
  const text = stringOf(reader.any('text'));
  const call = reader.any('functionCall');
  const result = reader.any('functionResponse');
  const media = reader.any('inlineData') ?? reader.any('fileData');
  const isThought = reader.any('thought') === true;
  let parsed: ContentPart;
  if (isObject(call)) parsed = { ...parseCallPart(call, context), ...signed };
  else if (isObject(result)) parsed = parseResultPart(result, context);
  else if (isObject(media)) parsed = parseMedia(media, at, context.rest);
  else if (text === undefined) return { type: 'opaque', dialect: 'gemini', value: part, at };
  else if (isThought) parsed = { type: 'reasoning', text, at, ...(signature !== undefined && proofOf(signature)) };
  else parsed = { type: 'text', text, at, ...signed };
  Object.assign(context.rest, reader.rest());
  return parsed;
}

function proofOf(thoughtSignature: string): ReasoningProof {
  return openForeignProof(thoughtSignature) ?? { signature: thoughtSignature };
}

/** Clients keep a streamed thought in the pieces it came in, the proof on the last: a signature covers them all. */
function joinThoughts(parts: readonly ContentPart[]): ContentPart[] {
  const joined: ContentPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.type === 'reasoning' && last?.type === 'reasoning' && !isProven(last)) {
      joined[joined.length - 1] = { ...last, ...part, text: last.text + part.text, ...(last.at && { at: last.at }) };
    } else joined.push(part);
  }
  return joined;
}

function isProven({ signature, redacted, encrypted }: ReasoningProof): boolean {
  return signature !== undefined || redacted !== undefined || encrypted !== undefined;
}

function parseCallPart(call: JsonObject, { at, turn, index, pairing }: PartContext): ContentPart {
  const reader = new GeminiReader(call, `${at}/functionCall`);
  const name = stringOf(reader.any('name')) ?? '';
  const id = stringOf(reader.any('id')) || `call_${turn}_${index}`;
  pairing.open(id, name);
  const args = reader.any('args');
  return { type: 'tool-call', id, name, arguments: stringifyExact(isObject(args) ? args : {}), at };
}

function parseResultPart(result: JsonObject, { at, turn, index, pairing, rest }: PartContext): ToolResultPart {
  const reader = new GeminiReader(result, `${at}/functionResponse`);
  const name = stringOf(reader.any('name'));
  const toolCallId = pairing.close(stringOf(reader.any('id')), name) ?? `call_${turn}_${index}`;
  const { text, isError } = readResponse(reader.any('response') ?? {});
  const media = (reader.array('parts') ?? []).flatMap((part, number) => {
    const inner = isObject(part) ? new GeminiReader(part) : undefined;
    const value = inner?.any('inlineData') ?? inner?.any('fileData');
    return isObject(value) ? [parseMedia(value, `${at}/functionResponse/parts/${number}`, rest)] : [];
  });
  Object.assign(rest, reader.rest());
  return {
    type: 'tool-result',
    toolCallId,
    ...(name !== undefined && { name }),
    content: [{ type: 'text', text }, ...media],
    ...(isError && { isError }),
    at,
  };
}

/** `output` and `error` are the documented envelopes of a tool's answer; anything else is the answer itself. */
function readResponse(response: Json): { readonly text: string; readonly isError: boolean } {
  const keys = isObject(response) ? Object.keys(response) : [];
  const only = keys.length === 1 ? keys[0] : undefined;
  if (isObject(response) && (only === 'output' || only === 'error')) {
    return { text: textOf(response[only] ?? null), isError: only === 'error' };
  }
  return { text: textOf(response), isError: false };
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parseMedia(media: JsonObject, at: string, rest: Rest): ContentPart {
  const reader = new GeminiReader(media, `${at}/${'data' in media ? 'inlineData' : 'fileData'}`);
  const mediaType = stringOf(reader.any('mimeType'));
  const source = sourceOf(reader, mediaType ?? 'application/octet-stream');
  const title = stringOf(reader.any('displayName'));
  Object.assign(rest, reader.rest());
  const [kind] = (mediaType ?? '').split('/');
  if (kind === 'image' || kind === 'audio' || kind === 'video') return { type: kind, source, at };
  return { type: 'document', source, ...(title !== undefined && { title }), at };
}

/** Files kept at Google are only good there; other addresses anyone can fetch. */
function sourceOf(reader: GeminiReader, mediaType: string): MediaSource {
  const data = stringOf(reader.any('data'));
  if (data !== undefined) return { kind: 'base64', mediaType, data };
  const uri = stringOf(reader.any('fileUri')) ?? '';
  const isGoogles =
    uri.startsWith('gs://') || uri.includes('generativelanguage.googleapis.com') || !/^https?:/.test(uri);
  return isGoogles ? { kind: 'file', fileId: uri, mediaType } : { kind: 'url', url: uri };
}

function splitRoles(role: 'assistant' | 'user', parts: readonly ContentPart[]): Message[] {
  const messages: { role: Message['role']; content: ContentPart[] }[] = [];
  for (const part of parts) {
    const partRole = part.type === 'tool-result' ? 'tool' : role;
    const last = messages.at(-1);
    if (last?.role === partRole) last.content.push(part);
    else messages.push({ role: partRole, content: [part] });
  }
  return messages;
}

function stringOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
