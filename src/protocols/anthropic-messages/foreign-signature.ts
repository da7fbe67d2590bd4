import type { ReasoningPart } from '../../domain/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

const mark = 'switchyard:';

type Sealed = Pick<ReasoningPart, 'signature' | 'encrypted' | 'provenance' | 'id'>;

/**
 * Puts another dialect's proof of reasoning into the one field a Messages client hands back unread, marked so that it
 * is never mistaken for a signature of this dialect.
 */
export function sealForeignSignature(sealed: Sealed): string {
  const { signature, encrypted, provenance, id } = sealed;
  const text = JSON.stringify({ signature, encrypted, provenance: provenance ?? 'unknown', id });
  return mark + Buffer.from(text).toString('base64url');
}

/** Opens what `sealForeignSignature` made; undefined for a signature of this dialect. */
export function openForeignSignature(signature: string): Sealed | undefined {
  if (!signature.startsWith(mark)) return undefined;
  const opened = parse(Buffer.from(signature.slice(mark.length), 'base64url').toString());
  const text = (key: string): string | undefined => {
    const value = isObject(opened) ? opened[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [own, encrypted, id] = [text('signature'), text('encrypted'), text('id')];
  return {
    provenance: text('provenance') ?? 'unknown',
    ...(own !== undefined && { signature: own }),
    ...(encrypted !== undefined && { encrypted }),
    ...(id !== undefined && { id }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A client cut or changed it: the proof is lost, the conversation is not.
    return undefined;
  }
}
