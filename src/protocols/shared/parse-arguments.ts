import type { JsonObject } from '../../domain/calls/model-call.ts';
import { parseExact } from './exact-json.ts';
import { isObject } from './field-reader.ts';

/**
 * Reads argument text for dialects that carry arguments as an object; nothing at all (`""`, `null`) is no arguments.
 * Undefined when it is not a JSON object. Digits that a double cannot hold are kept, for `stringifyExact`.
 */
export function parseArguments(text: string): JsonObject | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'null' || trimmed === '"null"') return {};
  const value = parseJson(trimmed);
  return isObject(value) ? value : undefined;
}

/** Parses JSON text, digits kept; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}
