import type { Json, ReasoningPart } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { entriesAt, type ForeignProofFinder, leftOut } from '../shared/foreign-proofs.ts';
import { parseJson } from '../shared/parse-arguments.ts';

const mark = 'switchyard.1.';

const proofFields = ['signature', 'redacted', 'encrypted', 'provenance'] as const;

/** What another dialect wants back with its reasoning, word for word, and which dialect that is. */
export type ReasoningProof = Pick<ReasoningPart, (typeof proofFields)[number]>;

/**
 * Packs a foreign reasoning signature into `encrypted_content`, the one opaque field that Responses clients hand back,
 * so that the next turn can present it to the provider that issued it.
 */
export function sealReasoningProof(proof: ReasoningProof): string {
  const fields = Object.fromEntries(proofFields.map((field) => [field, proof[field]]));
  return mark + Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Unpacks what `sealReasoningProof` made; undefined for content encrypted by a provider itself. */
export function openReasoningProof(encrypted: string): ReasoningProof | undefined {
  if (!encrypted.startsWith(mark)) return undefined;
  const value = parseJson(Buffer.from(encrypted.slice(mark.length), 'base64url').toString('utf8'));
  // Ours by its mark but damaged by the client: nobody can use it.
  if (!isObject(value)) return { provenance: 'unknown' };
  const texts = proofFields.flatMap((field) => {
    const text = value[field];
    return typeof text === 'string' ? [[field, text] as const] : [];
  });
  return { provenance: 'unknown', ...Object.fromEntries(texts) };
}

/**
 * Finds what another dialect's provider signed: whole reasoning items, and the signatures of calls, which clients of
 * this dialect carry in a field that its hosts do not know.
 */
export const foreignProofsInResponses: ForeignProofFinder = {
  marks: [mark, '"extra_content"'],
  find: ({ input }) =>
    leftOut(
      entriesAt(input, '/input').flatMap(([item, pointer]) => {
        if (isForeignReasoning(item)) return [pointer];
        return isObject(item) && item['extra_content'] !== undefined ? [`${pointer}/extra_content`] : [];
      }),
    ),
};

function isForeignReasoning(item: Json): boolean {
  if (!isObject(item) || item['type'] !== 'reasoning') return false;
  const encrypted = item['encrypted_content'];
  return typeof encrypted === 'string' && encrypted.startsWith(mark);
}
