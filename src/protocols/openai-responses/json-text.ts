import type { Json } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** A string, or the empty string for anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Texts of a list of text parts, as paragraphs. */
export function textsOf(parts: Json | undefined): string {
  if (!Array.isArray(parts)) return '';
  return parts.flatMap((part) => (isObject(part) ? [textOf(part['text'])] : [])).join('\n\n');
}
