import type { Json, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import type { FieldReader } from '../shared/field-reader.ts';
import { type CallNotes, objectOf } from './call-notes.ts';
import { anthropicDialect } from './dialect-name.ts';
import { cacheOf } from './parse-content.ts';

/** Reads tools: the client's own become functions; those run by the provider stay opaque. */
export function parseTools(tools: readonly Json[], notes: CallNotes): Tool[] {
  return tools.map((tool, at) => parseTool(tool, `/tools/${at}`, notes));
}

/** Servers whose tools the provider calls: a kind of tool that nobody else can offer. */
export function parseMcpServers(servers: readonly Json[]): Tool[] {
  return servers.map((value, at) => opaqueTool(value, `/mcp_servers/${at}`));
}

function parseTool(tool: Json, at: string, notes: CallNotes): Tool {
  const fields = notes.open(tool, at);
  const type = fields.string('type') ?? 'custom';
  if (type !== 'custom') return opaqueTool(tool, at);
  const name = fields.string('name');
  if (name === undefined) notes.blame(`${at}/name`, 'is required');
  const description = fields.string('description');
  const parameters = fields.object('input_schema');
  const strict = fields.boolean('strict');
  const cache = cacheOf(fields);
  notes.close(fields);
  return {
    type: 'function',
    name: name ?? '',
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    ...(strict !== undefined && { strict }),
    ...cache,
    at,
  };
}

function opaqueTool(value: Json, at: string): Tool {
  const name = objectOf(value)?.['name'];
  return { type: 'opaque', dialect: anthropicDialect, ...(typeof name === 'string' && { name }), value, at };
}

/** Reads `tool_choice` with its switch against parallel calls. */
export function parseToolChoice(
  fields: FieldReader,
  notes: CallNotes,
): { readonly toolChoice?: ToolChoice; readonly parallelToolCalls?: boolean } {
  const value = fields.object('tool_choice', 'toolChoice');
  if (value === undefined) return {};
  const choice = notes.open(value, '/tool_choice');
  const type = choice.string('type');
  const name = choice.string('name');
  const serial = choice.boolean('disable_parallel_tool_use');
  notes.close(choice);
  if (serial !== undefined) fields.pointers['parallelToolCalls'] = '/tool_choice/disable_parallel_tool_use';
  const parallel = serial === undefined ? {} : { parallelToolCalls: !serial };
  switch (type) {
    case 'auto':
    case 'none':
      return { toolChoice: { type }, ...parallel };
    case 'any':
      return { toolChoice: { type: 'required' }, ...parallel };
    case 'tool':
      if (name === undefined) notes.blame('/tool_choice/name', 'is required');
      return { toolChoice: { type: 'tool', name: name ?? '' }, ...parallel };
    default:
      notes.blame('/tool_choice/type', 'must be auto, any, tool or none');
      return {};
  }
}
