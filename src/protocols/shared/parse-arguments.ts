import type { JsonObject } from '../../domain/model-call.ts';
import { keepsDigits } from './exact-json.ts';
import { isObject } from './field-reader.ts';

/** Arguments of a tool call as an object, for dialects that carry no argument text. */
export interface ParsedArguments {
  readonly value: JsonObject;
  /** False when an integer exceeds what a double holds, so that its digits would change on the way. */
  readonly exact: boolean;
}

/** Reads argument text; nothing at all (`""`, `null`) is no arguments. Undefined when it is not a JSON object. */
export function parseArguments(text: string): ParsedArguments | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'null' || trimmed === '"null"') return { value: {}, exact: true };
  const value = parseJson(trimmed);
  return isObject(value) ? { value, exact: keepsDigits(trimmed) } : undefined;
}

/** Parses JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
