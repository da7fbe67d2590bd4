import type { Json, JsonObject, ReasoningPart } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { entriesAt, type ForeignProofFinder, leftOut } from '../shared/foreign-proofs.ts';
import { parseJson } from '../shared/parse-arguments.ts';
import { contentsOf } from './head.ts';
import { isThirdGeneration, missingSignature, readModelGeneration } from './model-generation.ts';

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
 * Finds other providers' reasoning in a request, and the calls of the running turn that another model made: newer
 * models refuse such a call without a signature, so that it gets the documented stand-in.
 */
export const foreignProofsInGemini: ForeignProofFinder = {
  marks: [sealedPrefix, '"functionCall"', '"function_call"'],
  find(body, upstreamModel) {
    const contents = entriesAt(contentsOf(body), '/contents').map(([content, pointer]) => {
      const parts = isObject(content) ? content['parts'] : undefined;
      return { pointer, content, parts: entriesAt(parts, `${pointer}/parts`) };
    });
    const { edits, dropped } = leftOut(contents.flatMap(foreignIn));
    if (!isThirdGeneration(readModelGeneration(upstreamModel))) return { edits, dropped, added: [] };
    const turnStart = contents.findLastIndex(({ content, parts }) => isObject(content) && asks(content, parts));
    const added = contents.slice(Math.max(turnStart, 0)).flatMap(({ parts }) => unsignedCall(parts) ?? []);
    const standIns = added.map((pointer) => ({ op: 'set', pointer, value: missingSignature }) as const);
    return { edits: [...edits, ...standIns], dropped, added };
  },
};

type Entries = readonly (readonly [Json, string])[];

/** A turn that would be left without any part goes as a whole. */
function foreignIn({ pointer, parts }: { readonly pointer: string; readonly parts: Entries }): string[] {
  const foreign = parts.filter(([part]) => isForeign(part));
  return foreign.length > 0 && foreign.length === parts.length ? [pointer] : foreign.map(([, at]) => at);
}

/** Does a turn of the user begin here, rather than answers of tools? */
function asks({ role }: JsonObject, parts: Entries): boolean {
  const isAnswer = ([part]: Entries[number]): boolean =>
    isObject(part) && (part['functionResponse'] ?? part['function_response']) !== undefined;
  return role !== 'model' && !parts.some(isAnswer);
}

/** Where the signature of a step's first call is missing. */
function unsignedCall(parts: Entries): string | undefined {
  const first = parts.find(([part]) => isObject(part) && (part['functionCall'] ?? part['function_call']) !== undefined);
  return first && signatureOf(first[0]) === undefined ? `${first[1]}/thoughtSignature` : undefined;
}

function isForeign(part: Json): boolean {
  const signature = signatureOf(part);
  return typeof signature === 'string' && isSealed(signature);
}

function signatureOf(part: Json): Json | undefined {
  return isObject(part) ? (part['thoughtSignature'] ?? part['thought_signature']) : undefined;
}

function isSealed(signature: string): boolean {
  return signature.startsWith(sealedPrefix);
}
