import { maxTerms, type PromptFeatures, type Script, surfaceCount, termBuckets } from './prompt-features.ts';

const scripts: readonly Script[] = ['latin', 'cjk', 'other', 'none'];
const version = 1;
/** With the kind of its terms behind the head. */
const kindVersion = 2;
const kindBytes = 4;
const headBytes = 6;
const surfaceBytes = 4 * surfaceCount;

/**
 * Features as text, exactly: what a decision saw is kept with it, and an outcome brings it back to the learner. It
 * holds hashes of words and counts, not the words.
 */
export function encodeFeatures({ buckets, weights, surface, characters, script, kind }: PromptFeatures): string {
  const start = headBytes + (kind === undefined ? 0 : kindBytes);
  // A number of buckets takes up to three bytes, a count up to five.
  const bytes = Buffer.alloc(start + surfaceBytes + 8 * buckets.length);
  bytes.writeUInt8(kind === undefined ? version : kindVersion, 0);
  if (kind !== undefined) bytes.writeUInt32LE(kind, headBytes);
  bytes.writeUInt8(scripts.indexOf(script), 1);
  bytes.writeUInt32LE(Math.min(characters, 0xffff_ffff), 2);
  for (let sign = 0; sign < surfaceCount; sign++) bytes.writeFloatLE(surface[sign] ?? 0, start + 4 * sign);
  let at = start + surfaceBytes;
  let previous = -1;
  for (let place = 0; place < buckets.length; place++) {
    const bucket = buckets[place] ?? 0;
    at = writeNumber(bytes, at, bucket - previous);
    at = writeNumber(bytes, at, countOf(weights[place] ?? 1));
    previous = bucket;
  }
  return bytes.toString('base64url', 0, at);
}

/** Reads features back; undefined for text that is none. */
export function decodeFeatures(text: string): PromptFeatures | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const hasKind = bytes[0] === kindVersion;
  const start = headBytes + (hasKind ? kindBytes : 0);
  if (bytes.length < start + surfaceBytes || (bytes[0] !== version && !hasKind)) return undefined;
  const script = scripts[bytes.readUInt8(1)];
  if (script === undefined) return undefined;
  const surface = Float32Array.from({ length: surfaceCount }, (_, sign) => bytes.readFloatLE(start + 4 * sign));
  const buckets: number[] = [];
  const weights: number[] = [];
  let previous = -1;
  for (let at = start + surfaceBytes; at < bytes.length;) {
    const step = readNumber(bytes, at);
    const count = readNumber(bytes, step.next);
    previous += step.value;
    if (step.value < 1 || previous >= termBuckets || count.value < 1 || buckets.length >= maxTerms) return undefined;
    buckets.push(previous);
    weights.push(1 + Math.log(count.value));
    at = count.next;
  }
  if (!surface.every((sign) => Number.isFinite(sign))) return undefined;
  const characters = bytes.readUInt32LE(2);
  const terms = { buckets: Int32Array.from(buckets), weights: Float32Array.from(weights) };
  const features = { ...terms, surface, characters, script };
  return hasKind ? { ...features, kind: bytes.readUInt32LE(headBytes) } : features;
}

/** Weights are 1 + log of a count. */
function countOf(weight: number): number {
  return Math.max(1, Math.round(Math.exp(weight - 1)));
}

/** Seven bits a byte, lowest first. */
function writeNumber(bytes: Buffer, start: number, value: number): number {
  let rest = value;
  let at = start;
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  return at;
}

function readNumber(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return { value, next: at };
}
