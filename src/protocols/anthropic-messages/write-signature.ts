import type { ReasoningEnd } from '../../domain/calls/stream-part.ts';
import { anthropicDialect } from './dialect-name.ts';
import { sealForeignSignature } from './foreign-signature.ts';

/** Signature of a thinking block for the client: our own as it is, another dialect's sealed, none as empty text. */
export function writeSignature(
  reasoning: Pick<ReasoningEnd, 'signature' | 'encrypted' | 'provenance'> & { readonly id?: string },
): string {
  const { signature, encrypted, provenance } = reasoning;
  if (signature !== undefined && provenance === anthropicDialect) return signature;
  return signature === undefined && encrypted === undefined ? '' : sealForeignSignature(reasoning);
}

/** Data of a redacted block for the client, sealed when another dialect redacted it. */
export function writeRedacted(redacted: string, provenance: string | undefined): string {
  return provenance === anthropicDialect ? redacted : sealForeignSignature({ redacted, provenance });
}
