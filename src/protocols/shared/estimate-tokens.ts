import type { Json } from '../../domain/calls/model-call.ts';

const perImage = 1600;
const perMessage = 4;

/**
 * Estimates tokens of a text without a tokenizer, leaning high: about 3.2 UTF-8 bytes per token for Latin text, fewer
 * for scripts whose characters are mostly tokens of their own. Used for holds, count-tokens on hosts that offer none,
 * and aborted streams; always flagged as an estimate.
 */
export function estimateTextTokens(text: string): number {
  return Math.ceil(weighText(text));
}

/** The same estimate before it is rounded, for texts that come in pieces: weights of pieces add up. */
export function weighText(text: string): number {
  const bytes = Buffer.byteLength(text);
  const wide = bytes - text.length;
  return (text.length - wide / 2) / 3.2 + wide / 2.4;
}

/** Estimates the tokens of any JSON request content: its strings, plus a fixed sum per message and per inline image. */
export function estimateJsonTokens(value: Json | undefined): number {
  if (typeof value === 'string') return isInlineData(value) ? perImage : Math.max(estimateTextTokens(value), 0);
  if (typeof value === 'number' || typeof value === 'boolean') return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + estimateJsonTokens(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return (
    Object.entries(value).reduce(
      (sum, [key, item]) => sum + 1 + estimateTextTokens(key) / 2 + estimateJsonTokens(item),
      perMessage / 4,
    ) | 0
  );
}

/** Long unbroken base64 is an image or sound, not text. */
function isInlineData(value: string): boolean {
  return value.length > 2048 && (value.startsWith('data:') || !/\s/.test(value.slice(0, 2048)));
}
