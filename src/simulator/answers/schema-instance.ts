import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { asList, asNumber, asObject, asText } from '../json.ts';

const maxDepth = 24;
const formats: { readonly [format: string]: string } = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'simulated@example.com',
  uri: 'https://example.com/simulated',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '127.0.0.1',
  hostname: 'example.com',
};

/**
 * A small valid instance of a JSON schema: required and listed properties, first enum value, shortest list. Covers what
 * providers accept as strict schemas; `pattern` and `not` are beyond it.
 */
export function instanceOf(schema: Json | undefined): Json {
  return build(asObject(schema), asObject(schema), 0);
}

function build(schema: JsonObject, root: JsonObject, depth: number): Json {
  if (depth > maxDepth) return null;
  if (schema['const'] !== undefined) return schema['const'];
  const [firstEnum] = asList(schema['enum']);
  if (firstEnum !== undefined) return firstEnum;
  const reference = schema['$ref'];
  if (typeof reference === 'string') return build(follow(reference, root), root, depth + 1);
  const alternative = asList(schema['anyOf'])[0] ?? asList(schema['oneOf'])[0];
  if (alternative !== undefined) return build(asObject(alternative), root, depth + 1);
  const all = asList(schema['allOf']);
  if (all.length > 0) return build(mergeAll(schema, all), root, depth + 1);
  return buildTyped(schema, root, depth);
}

function buildTyped(schema: JsonObject, root: JsonObject, depth: number): Json {
  const named = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  const type = asText(named, schema['properties'] === undefined ? 'string' : 'object').toLowerCase();
  if (type === 'object') return buildObject(schema, root, depth);
  if (type === 'array') {
    const count = asNumber(schema['minItems']) ?? 1;
    return Array.from({ length: Math.min(count, 1000) }, () => build(asObject(schema['items']), root, depth + 1));
  }
  if (type === 'boolean') return true;
  if (type === 'null') return null;
  if (type === 'integer' || type === 'number') return buildNumber(schema, type === 'integer');
  return buildString(schema);
}

function buildObject(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const properties = Object.entries(asObject(schema['properties']));
  const required = new Set(asList(schema['required']));
  // Optional properties stop a few levels down, or a schema that refers to itself would never end.
  const wanted = depth < 4 ? properties : properties.filter(([name]) => required.has(name));
  return Object.fromEntries(wanted.map(([name, value]) => [name, build(asObject(value), root, depth + 1)]));
}

function buildNumber(schema: JsonObject, whole: boolean): number {
  const step = asNumber(schema['multipleOf']) ?? 1;
  const exclusive = asNumber(schema['exclusiveMinimum']);
  const least = asNumber(schema['minimum']) ?? (exclusive === undefined ? undefined : exclusive + step);
  const most = asNumber(schema['maximum']) ?? asNumber(schema['exclusiveMaximum']);
  if (least !== undefined) return whole ? Math.ceil(least / step) * step : least;
  return most !== undefined && most <= 1 ? most - step : step;
}

function buildString(schema: JsonObject): string {
  const formatted = formats[asText(schema['format'])];
  if (formatted !== undefined) return formatted;
  const shortest = asNumber(schema['minLength']) ?? 0;
  const longest = asNumber(schema['maxLength']) ?? Math.max(shortest, 'simulated'.length);
  return 'simulated'.padEnd(shortest, ' simulated').slice(0, longest);
}

function mergeAll(schema: JsonObject, parts: readonly Json[]): JsonObject {
  const merged = parts.map(asObject);
  const { allOf: _, ...own } = schema;
  return {
    ...Object.assign({}, ...merged),
    ...own,
    properties: Object.assign({}, asObject(own['properties']), ...merged.map((part) => asObject(part['properties']))),
    required: [...asList(own['required']), ...merged.flatMap((part) => asList(part['required']))],
  };
}

function follow(reference: string, root: JsonObject): JsonObject {
  let current: JsonObject = root;
  for (const segment of reference.replace(/^#\/?/, '').split('/')) {
    if (segment !== '') current = asObject(current[segment.replaceAll('~1', '/').replaceAll('~0', '~')]);
  }
  return current;
}
