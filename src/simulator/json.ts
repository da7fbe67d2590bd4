import type { Json, JsonObject } from '../domain/calls/model-call.ts';

/** The value as an object; an empty one when it is anything else, since the simulator forgives odd requests. */
export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The value as a list; an empty one when it is anything else. */
export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** The value as a string, or the given default. */
export function asText(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** The value as a number, when it is one. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Whether the value is a non-empty object. */
export function isFilledObject(value: unknown): boolean {
  return Object.keys(asObject(value)).length > 0;
}

const literalPrefix = '\u0000literal:';
const literalPattern = /"\\u0000literal:((?:[^"\\]|\\.)*)"/g;

/**
 * JSON text to be written to the letter, so that integers beyond 2^53 keep their digits; text that is no JSON becomes an
 * empty object, as providers repair it. Only `stringifyLiteral` may serialise the result.
 */
export function literalJson(text: string): Json {
  try {
    return JSON.parse(text) === null ? {} : literalPrefix + text;
  } catch {
    return {};
  }
}

/** `JSON.stringify` that writes the values of `literalJson` unchanged. */
export function stringifyLiteral(value: Json): string {
  return JSON.stringify(value).replace(literalPattern, (_, escaped: string) => String(JSON.parse(`"${escaped}"`)));
}
