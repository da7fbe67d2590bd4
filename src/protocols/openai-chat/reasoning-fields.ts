import type { CompletionBlock } from '../../domain/calls/completion.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { dialect } from './dialect-name.ts';
import { compact, numberOf, objectOf, objectsOf, textOf } from './values.ts';

/**
 * Chat completions have no field for reasoning. Hosts agree on `reasoning_content` (or `reasoning`) for its text and on
 * `reasoning_details` for what must come back unchanged in the next turn: signatures and encrypted blocks.
 */
export interface ReasoningDetail {
  readonly id?: string;
  readonly text: string;
  readonly signature?: string;
  readonly redacted?: string;
  readonly encrypted?: string;
  /** Dialect that issued the proof, where it is another one. */
  readonly provenance?: string;
}

/** Marks entries and signatures that another dialect's provider issued: hosts of this one must not see them. */
export const provenanceField = 'switchyard_provenance';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type ReasoningBlock = Extract<CompletionBlock, { readonly type: 'reasoning' }>;

/** `format` words by which clients and hosts tell the kinds of opaque data apart. */
const redactedFormat = 'anthropic-claude-v1';
const encryptedFormat = 'openai-responses-v1';
const signedFormats: { readonly [provenance: string]: string } = {
  'anthropic-messages': redactedFormat,
  'bedrock-converse': redactedFormat,
  gemini: 'google-gemini-v1',
};

/** Reasoning text of a message or delta, whichever field the host uses. */
export function readReasoningText(message: JsonObject): string | undefined {
  return textOf(message['reasoning_content']) ?? textOf(message['reasoning']);
}

/** Reads `reasoning_details`; entries with the same id or index are one block. */
export function readReasoningDetails(message: JsonObject): ReasoningDetail[] {
  const blocks: { readonly key: string | number | undefined; readonly detail: Mutable<ReasoningDetail> }[] = [];
  for (const entry of objectsOf(message['reasoning_details'])) {
    const key = textOf(entry['id']) ?? numberOf(entry['index']);
    let block = key === undefined ? undefined : blocks.find((known) => known.key === key);
    if (!block) blocks.push((block = { key, detail: { text: '' } }));
    readEntry(entry, block.detail);
  }
  return blocks.map((block) => block.detail);
}

function readEntry(entry: JsonObject, detail: Mutable<ReasoningDetail>): void {
  detail.id ??= textOf(entry['id']);
  detail.text += textOf(entry['text']) ?? textOf(entry['summary']) ?? '';
  detail.signature ??= textOf(entry['signature']);
  detail.provenance ??= textOf(entry[provenanceField]);
  const data = textOf(entry['data']);
  if (data === undefined) return;
  if (textOf(entry['format'])?.startsWith('anthropic')) detail.redacted ??= data;
  else detail.encrypted ??= data;
}

/** Must the block come back unchanged in the next turn? */
export function isSigned(block: Omit<ReasoningDetail, 'text'>): boolean {
  return block.signature !== undefined || block.redacted !== undefined || block.encrypted !== undefined;
}

/** Writes one block as entries of `reasoning_details`, whole, so that clients need not join anything. */
export function writeReasoningDetails(block: Omit<ReasoningBlock, 'type'>, index: number): JsonObject[] {
  const { id, text, signature, redacted, encrypted, provenance } = block;
  const entries: JsonObject[] = [];
  const format = ownValue(signedFormats, provenance ?? '');
  if (signature !== undefined) entries.push(compact({ type: 'reasoning.text', id, index, text, signature, format }));
  else if (text !== '') entries.push(compact({ type: 'reasoning.summary', id, index, summary: text }));
  if (redacted !== undefined) entries.push(encryptedEntry({ id, index, data: redacted, format: redactedFormat }));
  if (encrypted !== undefined) entries.push(encryptedEntry({ id, index, data: encrypted, format: encryptedFormat }));
  const isForeign = provenance !== undefined && provenance !== dialect;
  return isForeign ? entries.map((entry) => ({ ...entry, [provenanceField]: provenance })) : entries;
}

function encryptedEntry(fields: { readonly [key: string]: unknown }): JsonObject {
  return compact({ type: 'reasoning.encrypted', ...fields });
}

/** Text of a `thinking` content part, which is a text or a list of text parts. */
export function readThinkingPart(part: JsonObject): string {
  const { thinking } = part;
  if (typeof thinking === 'string') return thinking;
  return objectsOf(thinking)
    .map((piece) => textOf(piece['text']) ?? textOf(objectOf(piece['text'])?.['value']) ?? '')
    .join('');
}

/** Writes Gemini's signature of a call where clients of this dialect keep it. */
export function writeCallSignature(signature: string): JsonObject {
  return { google: { thought_signature: signature }, [provenanceField]: 'gemini' };
}
