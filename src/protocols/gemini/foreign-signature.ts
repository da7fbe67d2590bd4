import type { Json, JsonObject, ReasoningPart } from '../../domain/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { parseJson } from '../shared/parse-arguments.ts';
import { contentsOf } from './head.ts';

const mark = 'switchyard:';
const sealedPrefix = Buffer.from(mark).toString('base64').slice(0, 14);
const proofFields = ['signature', 'redacted', 'encrypted', 'provenance', 'id'] as const;

/** What a provider wants back with its reasoning, word for word, and whose it is. */
export type ReasoningProof = Pick<ReasoningPart, (typeof proofFields)[number]>;

/**
 * Puts another provider's proof of reasoning into `thoughtSignature`, the one field that Gemini clients hand back
 * unread, so that it returns to its issuer in the next turn. Always base64, since some clients decode the field.
 */
export function sealForeignProof(proof: ReasoningProof): string {
  const fields = Object.fromEntries(proofFields.map((field) => [field, proof[field]]));
  return Buffer.from(mark + JSON.stringify(fields)).toString('base64');
}

/** Opens what `sealForeignProof` made; undefined for a signature of Gemini's own. */
export function openForeignProof(thoughtSignature: string): ReasoningProof | undefined {
  if (!isSealed(thoughtSignature)) return undefined;
  const text = Buffer.from(thoughtSignature, 'base64').toString();
  const value = parseJson(text.slice(mark.length));
  // Ours by its mark but damaged by the client: nobody can use it.
  if (!isObject(value)) return { provenance: 'unknown' };
  const known = proofFields.flatMap((field) => {
    const found = value[field];
    return typeof found === 'string' ? [[field, found] as const] : [];
  });
  return { provenance: 'unknown', ...Object.fromEntries(known) };
}

/**
 * Takes other providers' reasoning out of a request that is about to be passed through to Gemini, which would refuse
 * the signature. Returns the same object when there is none.
 */
export function stripForeignThoughts(body: JsonObject): {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
} {
  const dropped: string[] = [];
  const contents = contentsOf(body).map((content, at) => {
    const parts = isObject(content) ? content['parts'] : undefined;
    if (!isObject(content) || !Array.isArray(parts)) return content;
    const kept = (parts as readonly Json[]).filter((part, index) => {
      if (!isForeign(part)) return true;
      dropped.push(`/contents/${at}/parts/${index}`);
      return false;
    });
    return { ...content, parts: kept };
  });
  return dropped.length === 0 ? { body, dropped } : { body: { ...body, contents }, dropped };
}

function isForeign(part: Json): boolean {
  const signature = isObject(part) ? (part['thoughtSignature'] ?? part['thought_signature']) : undefined;
  return typeof signature === 'string' && isSealed(signature);
}

function isSealed(signature: string): boolean {
  return signature.startsWith(sealedPrefix);
}
