import type { JsonObject, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { cacheControl } from './cache-control.ts';
import { anthropicDialect } from './dialect-name.ts';
import type { EncodeContext } from './encode-context.ts';
import { fitsNativeSchema } from './native-schema.ts';

/** Tools and how they may be called, as fields of the body. */
export function encodeTools(context: EncodeContext): JsonObject {
  const offered = allowedTools(context.call.tools, context.call.toolChoice);
  const servers = offered.filter(isServer).flatMap((tool) => encodeTool(tool, context));
  const tools = offered.filter((tool) => !isServer(tool)).flatMap((tool) => encodeTool(tool, context));
  return {
    ...(tools.length > 0 && { tools }),
    ...(servers.length > 0 && { mcp_servers: servers }),
    ...encodeChoice(context, tools.length > 0),
  };
}

/** A choice among a few tools is the same as offering only these. */
function allowedTools(tools: readonly Tool[], choice: ToolChoice | undefined): readonly Tool[] {
  if (choice?.type !== 'allowed') return tools;
  return tools.filter((tool) => tool.name !== undefined && choice.names.includes(tool.name));
}

function isServer(tool: Tool): boolean {
  return tool.type === 'opaque' && (tool.at ?? '').startsWith('/mcp_servers/');
}

function encodeTool(tool: Tool, context: EncodeContext): JsonObject[] {
  const at = tool.at ?? '/tools';
  if (tool.type === 'opaque') {
    if (tool.dialect === anthropicDialect && isObject(tool.value)) return [tool.value];
    context.refuse(at, 'this tool runs at another provider and the upstream has none like it');
    return [];
  }
  const { name, description, parameters, strict } = tool;
  const carriesStrict = strict !== undefined && (context.native || canBeStrict(tool, context));
  if (strict === true && !carriesStrict) context.drop(`${at}/strict`);
  return [
    {
      name,
      ...(description !== undefined && { description }),
      input_schema: { type: 'object', ...(parameters ?? { properties: {} }) },
      ...(carriesStrict && { strict }),
      ...cacheControl(tool.cache),
    },
  ];
}

function canBeStrict(tool: Extract<Tool, { readonly type: 'function' }>, context: EncodeContext): boolean {
  return context.options.nativeJsonSchema && fitsNativeSchema(tool.parameters ?? {});
}

function encodeChoice(context: EncodeContext, hasTools: boolean): JsonObject {
  const { toolChoice, parallelToolCalls } = context.call;
  const serial: JsonObject = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  const forced = toolChoice !== undefined && forces(toolChoice);
  if (forced && !context.traits.forcedTools && !context.native) {
    const pointer = context.call.pointers['toolChoice'] ?? '/tool_choice';
    context.refuse(pointer, 'the upstream model cannot be forced to call a tool');
  }
  if (!hasTools && !forced) return {};
  switch (toolChoice?.type) {
    case undefined:
      return parallelToolCalls === false ? { tool_choice: { type: 'auto', ...serial } } : {};
    case 'none':
      return { tool_choice: { type: 'none' } };
    case 'auto':
      return { tool_choice: { type: 'auto', ...serial } };
    case 'required':
      return { tool_choice: { type: 'any', ...serial } };
    case 'tool':
      return { tool_choice: { type: 'tool', name: toolChoice.name, ...serial } };
    case 'allowed':
      return { tool_choice: { type: toolChoice.mode === 'required' ? 'any' : 'auto', ...serial } };
  }
}

/** Must the model call a tool? */
export function forces(choice: ToolChoice): boolean {
  return (
    choice.type === 'required' || choice.type === 'tool' || (choice.type === 'allowed' && choice.mode === 'required')
  );
}
