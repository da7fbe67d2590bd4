import { createHash } from 'node:crypto';

const prefix = 'c2lt';

/** Signature of thinking text, bound to the label of a server as real ones are bound to credentials. */
export function signatureOf(label: string, text: string): string {
  return prefix + createHash('sha256').update(`${label}\n${text}`).digest('base64');
}

/** Whether a signature was made by the server of this label for this text. */
export function isOwnSignature(label: string, text: string, signature: string): boolean {
  return signature === signatureOf(label, text);
}
