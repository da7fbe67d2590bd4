import type { CacheMark, ContentPart, Json, ReasoningPart } from '../../domain/calls/model-call.ts';
import { stringifyExact } from '../shared/exact-json.ts';
import { type FieldReader, isObject } from '../shared/field-reader.ts';
import type { CallNotes } from './call-notes.ts';
import { anthropicDialect } from './dialect-name.ts';
import { openForeignSignature } from './foreign-signature.ts';
import { parseMediaSource } from './parse-media-source.ts';

/** Reads message content: a plain text, or blocks. */
export function parseContent(content: Json | undefined, pointer: string, notes: CallNotes): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content, at: pointer }];
  if (Array.isArray(content)) return content.flatMap((block, at) => parseBlock(block, `${pointer}/${at}`, notes));
  if (content !== undefined && content !== null) notes.blame(pointer, 'must be a string or an array of blocks');
  return [];
}

function parseBlock(block: Json, at: string, notes: CallNotes): ContentPart[] {
  const fields = notes.open(block, at);
  const type = fields.string('type');
  const part = partOf(type, { fields, at, notes });
  if (part === undefined) return notes.fault === undefined ? [opaque(block, at)] : [];
  notes.close(fields);
  return [part];
}

/** A block under reading. */
interface Reading {
  readonly fields: FieldReader;
  readonly at: string;
  readonly notes: CallNotes;
}

function partOf(type: string | undefined, reading: Reading): ContentPart | undefined {
  const { fields, at, notes } = reading;
  switch (type) {
    case 'text':
      return { type, text: fields.string('text') ?? '', ...cacheOf(fields), at };
    case 'image': {
      const source = parseMediaSource(fields.any('source'));
      return source && { type, source, ...cacheOf(fields), at };
    }
    case 'document': {
      const source = parseMediaSource(fields.any('source'));
      const title = fields.string('title');
      return source && { type, source, ...(title !== undefined && { title }), ...cacheOf(fields), at };
    }
    case 'thinking':
      return thinkingOf(fields, at);
    case 'redacted_thinking':
      return redactedOf(fields.string('data') ?? '', at);
    case 'tool_use':
      return toolUseOf(reading);
    case 'tool_result':
      return toolResultOf(reading);
    case undefined:
      notes.blame(`${at}/type`, 'is required');
      return undefined;
    default:
      return undefined;
  }
}

/** Text, image and document blocks whose source we do not know, and server-side tools, travel as they are. */
function opaque(block: Json, at: string): ContentPart {
  return { type: 'opaque', dialect: anthropicDialect, value: block, at };
}

function thinkingOf(fields: FieldReader, at: string): ReasoningPart {
  const text = fields.string('thinking') ?? '';
  const signature = fields.string('signature') ?? '';
  const foreign = openForeignSignature(signature);
  if (foreign !== undefined) return { type: 'reasoning', text, ...foreign, at };
  return { type: 'reasoning', text, ...(signature !== '' && { signature, provenance: anthropicDialect }), at };
}

function redactedOf(data: string, at: string): ReasoningPart {
  const proof = openForeignSignature(data) ?? { redacted: data, provenance: anthropicDialect };
  return { type: 'reasoning', text: '', ...proof, at };
}

function toolUseOf({ fields, at, notes }: Reading): ContentPart {
  const id = fields.string('id');
  const name = fields.string('name');
  if (id === undefined) notes.blame(`${at}/id`, 'is required');
  if (name === undefined) notes.blame(`${at}/name`, 'is required');
  const caller = fields.any('caller');
  if (isObject(caller) && caller['type'] !== 'direct') notes.rest[`${at}/caller`] = caller;
  return {
    type: 'tool-call',
    id: id ?? '',
    name: name ?? '',
    arguments: stringifyExact(fields.any('input') ?? {}),
    ...cacheOf(fields),
    at,
  };
}

function toolResultOf({ fields, at, notes }: Reading): ContentPart {
  const toolCallId = fields.string('tool_use_id');
  if (toolCallId === undefined) notes.blame(`${at}/tool_use_id`, 'is required');
  const isError = fields.boolean('is_error');
  return {
    type: 'tool-result',
    toolCallId: toolCallId ?? '',
    content: parseContent(fields.any('content'), `${at}/content`, notes),
    ...(isError !== undefined && { isError }),
    ...cacheOf(fields),
    at,
  };
}

/** Reads `cache_control`; five minutes unless it says an hour. */
export function cacheOf(fields: FieldReader): { readonly cache?: CacheMark } {
  const mark = fields.object('cache_control');
  if (mark === undefined) return {};
  return { cache: { ttl: mark['ttl'] === '1h' ? '1h' : '5m' } };
}
