import type { Json } from '../../domain/calls/model-call.ts';

/** A vector as numbers or as base64 of little-endian 32-bit floats; undefined when it is neither. */
export function readVector(value: Json | undefined): readonly number[] | undefined {
  if (typeof value === 'string') return fromBase64(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const list = value as readonly Json[];
  return list.every((item): item is number => typeof item === 'number') ? list : undefined;
}

function fromBase64(text: string): readonly number[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}
