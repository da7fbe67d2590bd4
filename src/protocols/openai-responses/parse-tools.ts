import type { Json, JsonObject, ResponseFormat, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { FieldReader, invalidField, isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { dialect } from './dialect-name.ts';

/** A tool choice, or a choice of a built-in tool that stays opaque. */
export type ParsedChoice = { readonly choice: ToolChoice } | { readonly opaque: Json };

/** Tools with what the common vocabulary has no word for. */
export interface ParsedTools {
  readonly tools: readonly Tool[];
  readonly rest: { readonly [pointer: string]: Json };
}

/** Reads the flat tool list: functions by their fields; custom and built-in tools whole. */
export function parseTools(tools: readonly Json[] | undefined): ParsedTools | Fault {
  const parsed: Tool[] = [];
  const rest: Record<string, Json> = {};
  for (const [index, tool] of (tools ?? []).entries()) {
    const at = `/tools/${index}`;
    if (!isObject(tool)) return invalidField(at, 'must be an object');
    const read = tool['type'] === 'function' ? parseFunction(tool, at, rest) : parseOpaque(tool, at);
    if (Fault.is(read)) return read;
    parsed.push(read);
  }
  return { tools: parsed, rest };
}

function parseFunction(tool: JsonObject, at: string, rest: Record<string, Json>): Tool | Fault {
  const fields = new FieldReader(tool, at);
  fields.any('type');
  const name = fields.string('name');
  const description = fields.string('description');
  const parameters = fields.object('parameters');
  const strict = fields.boolean('strict');
  if (fields.fault) return fields.fault;
  if (name === undefined || name === '') return invalidField(`${at}/name`, 'is required');
  Object.assign(rest, fields.rest());
  return {
    type: 'function',
    name,
    at,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    ...(strict !== undefined && { strict }),
  };
}

function parseOpaque(tool: JsonObject, at: string): Tool {
  const { name } = tool;
  return { type: 'opaque', dialect, value: tool, at, ...(typeof name === 'string' && { name }) };
}

/** Reads `tool_choice`: a word, one function, a list of allowed tools, or a built-in tool. */
export function parseToolChoice(value: Json | undefined): ParsedChoice | Fault | undefined {
  if (value === undefined) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { choice: { type: value } };
  if (!isObject(value)) return invalidField('/tool_choice', 'must be auto, none, required or an object');
  const { type, name, mode, tools } = value;
  if (type === 'function' && typeof name === 'string') return { choice: { type: 'tool', name } };
  if (type === 'allowed_tools' && Array.isArray(tools) && tools.every(isFunctionName)) {
    const names = tools.map((tool) => wordOf(tool['name']));
    return { choice: { type: 'allowed', mode: mode === 'required' ? 'required' : 'auto', names } };
  }
  return { opaque: value };
}

function isFunctionName(tool: Json): tool is JsonObject {
  return isObject(tool) && tool['type'] === 'function' && typeof tool['name'] === 'string';
}

/** Reads `text.format`. */
export function parseFormat(format: JsonObject | undefined): ResponseFormat | Fault | undefined {
  if (format === undefined) return undefined;
  const at = '/text/format';
  switch (format['type']) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema':
      return parseSchema(format, at);
    default:
      return invalidField(`${at}/type`, 'must be text, json_object or json_schema');
  }
}

function parseSchema(format: JsonObject, at: string): ResponseFormat | Fault {
  const fields = new FieldReader(format, at);
  const name = fields.string('name');
  const description = fields.string('description');
  const schema = fields.object('schema');
  const strict = fields.boolean('strict');
  if (fields.fault) return fields.fault;
  if (schema === undefined) return invalidField(`${at}/schema`, 'is required');
  return {
    type: 'json-schema',
    schema,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict }),
  };
}
