import type { JsonObject } from '../calls/model-call.ts';

/** Whether a value that came out of JSON is an object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
