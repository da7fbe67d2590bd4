import type { ReasoningPart } from '../../domain/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

const mark = 'switchyard:';

const keys = ['signature', 'redacted', 'encrypted', 'provenance', 'id'] as const;

type Sealed = Pick<ReasoningPart, (typeof keys)[number]>;

/**
 * Puts another dialect's proof of reasoning into the one field a Messages client hands back unread, marked so that it
 * is never mistaken for a signature of this dialect.
 */
export function sealForeignSignature(sealed: { readonly [Key in keyof Sealed]: Sealed[Key] | undefined }): string {
  const fields = Object.fromEntries(keys.map((key) => [key, sealed[key]]));
  return mark + Buffer.from(JSON.stringify({ provenance: 'unknown', ...present(fields) })).toString('base64url');
}

/** Opens what `sealForeignSignature` made; undefined for a signature of this dialect. */
export function openForeignSignature(signature: string): Sealed | undefined {
  if (!signature.startsWith(mark)) return undefined;
  const opened = parse(Buffer.from(signature.slice(mark.length), 'base64url').toString());
  const fields = Object.fromEntries(keys.map((key) => [key, isObject(opened) ? opened[key] : undefined]));
  return { provenance: 'unknown', ...present(fields) };
}

function present(fields: { readonly [key: string]: unknown }): { readonly [key: string]: string } {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A client cut or changed it: the proof is lost, the conversation is not.
    return undefined;
  }
}
