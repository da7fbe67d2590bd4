import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** Shared, because most fields of most chunks are absent. */
const none: readonly never[] = Object.freeze([]);

/** The value as an object, or undefined: wire shapes are read without trusting them. */
export function objectOf(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The value as a list; anything else is an empty one. */
export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : none;
}

/** The objects of a list; whatever else stands in it is skipped. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : none;
}

/** The value as a non-empty text, or undefined: hosts send "" where they mean nothing. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value as a finite number, or undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A JSON object without the fields that are undefined. */
export function compact(fields: { readonly [key: string]: unknown }): JsonObject {
  const result: { [key: string]: unknown } = {};
  for (const key in fields) if (fields[key] !== undefined) result[key] = fields[key];
  return result as JsonObject;
}
