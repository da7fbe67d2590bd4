import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ResponseFormat, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { invalidField } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import { cacheMarkOf } from './parse-content.ts';
import { objectOf, objectsOf, textOf } from './values.ts';

/** Reads `tools`; kinds without a word in the common vocabulary stay opaque. */
export function parseTools(values: readonly Json[]): readonly Tool[] | Fault {
  const tools: Tool[] = [];
  for (const [index, value] of values.entries()) {
    const at = `/tools/${index}`;
    const tool = objectOf(value);
    if (!tool) return invalidField(at, 'must be an object');
    const parsed = parseTool(tool, at);
    if (Fault.is(parsed)) return parsed;
    tools.push(parsed);
  }
  return tools;
}

function parseTool(tool: JsonObject, at: string): Tool | Fault {
  if (tool['type'] !== 'function') {
    const name = textOf(objectOf(tool['custom'])?.['name']);
    return { type: 'opaque', dialect, name, value: tool, at };
  }
  const declared = objectOf(tool['function']);
  if (!declared) return invalidField(`${at}/function`, 'must be an object');
  return parseFunction(declared, { at, field: `${at}/function`, cache: tool['cache_control'] });
}

interface FunctionPlace {
  readonly at: string;
  readonly field: string;
  readonly cache?: Json;
}

function parseFunction(declared: JsonObject, { at, field, cache }: FunctionPlace): Tool | Fault {
  const { name, parameters, strict } = declared;
  if (typeof name !== 'string') return invalidField(`${field}/name`, 'must be a string');
  if (parameters !== undefined && parameters !== null && !objectOf(parameters)) {
    return invalidField(`${field}/parameters`, 'must be an object');
  }
  return {
    type: 'function',
    name,
    description: textOf(declared['description']),
    parameters: objectOf(parameters),
    strict: typeof strict === 'boolean' ? strict : undefined,
    cache: cacheMarkOf(cache ?? declared['cache_control']),
    at,
  };
}

/** Reads `functions`, the form tools had before they were called so. */
export function parseFunctions(values: readonly Json[]): readonly Tool[] | Fault {
  const tools: Tool[] = [];
  for (const [index, value] of values.entries()) {
    const at = `/functions/${index}`;
    const parsed = parseFunction(objectOf(value) ?? {}, { at, field: at });
    if (Fault.is(parsed)) return parsed;
    tools.push(parsed);
  }
  return tools;
}

/** Reads `tool_choice` or its predecessor `function_call`. */
export function parseToolChoice(value: Json, at: string): ToolChoice | Fault {
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value };
  // A word of other dialects that some clients send here too.
  if (value === 'any') return { type: 'required' };
  const choice = objectOf(value);
  const allowed = objectOf(choice?.['allowed_tools']) ?? (choice?.['type'] === 'allowed_tools' ? choice : undefined);
  if (allowed) {
    const names = objectsOf(allowed['tools']).flatMap((tool) => nameOf(tool) ?? []);
    return { type: 'allowed', mode: allowed['mode'] === 'required' ? 'required' : 'auto', names };
  }
  const name = choice && nameOf(choice);
  if (name === undefined) return invalidField(at, 'must be auto, none, required or name a tool');
  return { type: 'tool', name };
}

function nameOf(tool: JsonObject): string | undefined {
  return (
    textOf(objectOf(tool['function'])?.['name']) ?? textOf(objectOf(tool['custom'])?.['name']) ?? textOf(tool['name'])
  );
}

/** Reads `response_format`. Forms that only some hosts know (grammars, say) cannot be translated. */
export function parseResponseFormat(format: JsonObject): ResponseFormat | Fault {
  switch (format['type']) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema': {
      const wanted = objectOf(format['json_schema']);
      const schema = objectOf(wanted?.['schema']);
      if (!wanted) return invalidField('/response_format/json_schema', 'must be an object');
      const strict = wanted['strict'];
      return {
        type: 'json-schema',
        name: textOf(wanted['name']),
        description: textOf(wanted['description']),
        schema: schema ?? {},
        strict: typeof strict === 'boolean' ? strict : undefined,
      };
    }
    default:
      return new Fault('unsupported_feature', {
        message: 'response_format: only text, json_object and json_schema can be translated.',
        param: '/response_format/type',
      });
  }
}
