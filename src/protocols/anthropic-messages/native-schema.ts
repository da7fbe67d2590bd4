import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';

/** Keywords that native structured output refuses. */
const refused: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'propertyNames',
  'not',
  'oneOf',
  'if',
  'dependentSchemas',
]);
const maps: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const values: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required']);
const maxDepth = 64;

/**
 * Would native structured output accept this schema as it is? It wants closed objects, no recursion and no bounds;
 * whatever is wider is emulated by a tool instead of being narrowed in silence.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs (2026-11).
 */
export function fitsNativeSchema(schema: JsonObject): boolean {
  return fits(schema, 0) && !isRecursive(schema);
}

function fits(schema: Json, depth: number): boolean {
  if (depth > maxDepth) return false;
  if (Array.isArray(schema)) return schema.every((item) => fits(item, depth + 1));
  if (!isObject(schema)) return true;
  if (schema['type'] === 'object' && schema['additionalProperties'] !== false) return false;
  const { minItems, $ref: reference } = schema;
  if (typeof minItems === 'number' && minItems > 1) return false;
  if (typeof reference === 'string' && !reference.startsWith('#/')) return false;
  return Object.entries(schema).every(([key, value]) => {
    if (refused.has(key)) return false;
    if (values.has(key)) return true;
    return maps.has(key) && isObject(value)
      ? Object.values(value).every((item) => fits(item, depth + 1))
      : fits(value, depth + 1);
  });
}

/** Follows references between definitions until one comes back to itself. */
function isRecursive(schema: JsonObject): boolean {
  const definitions = { ...definitionsOf(schema, 'definitions'), ...definitionsOf(schema, '$defs') };
  const edges = new Map(Object.entries(definitions).map(([name, body]) => [name, namesIn(body)]));
  const done = new Set<string>();
  const visit = (name: string, path: ReadonlySet<string>): boolean => {
    if (path.has(name)) return true;
    if (done.has(name)) return false;
    const deeper = new Set(path).add(name);
    const cyclic = [...(edges.get(name) ?? [])].some((next) => visit(next, deeper));
    done.add(name);
    return cyclic;
  };
  return [...edges.keys()].some((name) => visit(name, new Set()));
}

function definitionsOf(schema: JsonObject, key: string): JsonObject {
  const value = schema[key];
  return isObject(value) ? value : {};
}

function namesIn(value: Json): Set<string> {
  const names = new Set<string>();
  for (const [, found] of JSON.stringify(value).matchAll(/"\$ref":"#\/(?:\$defs|definitions)\/([^"/]+)"/g)) {
    if (found !== undefined) names.add(found);
  }
  return names;
}
