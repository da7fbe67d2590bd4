import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

const countKeywords = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'];

/**
 * Turns Gemini's `Schema` (a dialect of OpenAPI 3.0: types in capitals, `nullable`, counts as strings) into JSON
 * Schema, which every other dialect takes.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'nullable' || key === 'propertyOrdering' || key === 'property_ordering') continue;
    if (key === 'type') result['type'] = typeOf(value, schema['nullable'] === true);
    else if (key === 'properties' || key === '$defs') result[key] = isObject(value) ? mapValues(value) : value;
    else if (countKeywords.includes(key) && typeof value === 'string') result[key] = Number(value);
    else if (key === 'anyOf' || key === 'any_of') result['anyOf'] = Array.isArray(value) ? value.map(convert) : value;
    else result[key] = key === 'items' || key === 'additionalProperties' ? convert(value) : value;
  }
  return result;
}

function convert(value: Json): Json {
  return isObject(value) ? toJsonSchema(value) : value;
}

function mapValues(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, convert(value)]));
}

function typeOf(value: Json, nullable: boolean): Json {
  if (typeof value !== 'string') return value;
  const type = value.toLowerCase();
  return nullable ? [type, 'null'] : type;
}
