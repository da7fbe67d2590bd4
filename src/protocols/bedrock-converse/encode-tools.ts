import type { JsonObject, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { schemaToolName } from '../contract.ts';
import { cachePoints } from './cache-point.ts';
import type { Encoding } from './encoding.ts';

type FunctionTool = Extract<Tool, { readonly type: 'function' }>;

/** Encodes tools and tool choice. `schema` is the answer's form where a forced tool has to stand in for it. */
export function encodeToolConfig(encoding: Encoding, schema: JsonObject | undefined): JsonObject | undefined {
  const { call, losses } = encoding;
  const names = namesInHistory(encoding);
  if (call.toolChoice?.type === 'none' && schema === undefined) {
    if (names.size > 0 && call.tools.length > 0) {
      losses.refuse(losses.pointerOf('toolChoice'), 'Bedrock cannot forbid tools that earlier turns have used.');
    }
    return standIns(encoding, names);
  }
  const tools = offered(encoding).flatMap((tool) => encodeTool(tool, encoding));
  if (schema !== undefined)
    tools.push(encodeSpec(schemaToolName, 'Gives the final answer in the required form.', schema));
  if (tools.length === 0) return standIns(encoding, names);
  const choice = encodeChoice(call.toolChoice, schema !== undefined);
  return { tools, ...(choice && { toolChoice: choice }) };
}

/** Only the allowed tools are offered: Converse has no list of allowed ones beside the list of tools. */
function offered({ call: { tools, toolChoice } }: Encoding): readonly Tool[] {
  if (toolChoice?.type !== 'allowed') return tools;
  return tools.filter((tool) => tool.type === 'opaque' || toolChoice.names.includes(tool.name));
}

function encodeTool(tool: Tool, { losses }: Encoding): JsonObject[] {
  if (tool.type === 'opaque') {
    losses.refuse(tool.at, `The tool ${tool.name ?? ''} exists only in the dialect of another provider.`);
    return [];
  }
  if (tool.strict === true && tool.at !== undefined) losses.drop(`${tool.at}/strict`);
  return [encodeFunction(tool), ...cachePoints(tool.cache)];
}

function encodeFunction({ name, description, parameters }: FunctionTool): JsonObject {
  return encodeSpec(name, description, parameters ?? { type: 'object', properties: {} });
}

function encodeSpec(name: string, description: string | undefined, schema: JsonObject): JsonObject {
  const described = description !== undefined && description !== '' && { description };
  return { toolSpec: { name, ...described, inputSchema: { json: schema } } };
}

function encodeChoice(choice: ToolChoice | undefined, emulatesSchema: boolean): JsonObject | undefined {
  if (choice?.type === 'tool') return { tool: { name: choice.name } };
  if (emulatesSchema) return choice?.type === 'none' ? { tool: { name: schemaToolName } } : { any: {} };
  const mode = choice?.type === 'allowed' ? choice.mode : choice?.type;
  if (mode === 'required') return { any: {} };
  return mode === 'auto' ? { auto: {} } : undefined;
}

/** Converse refuses turns with calls when no tool is declared: the tools of those turns stand in, without a schema. */
function standIns({ losses }: Encoding, names: ReadonlySet<string>): JsonObject | undefined {
  if (names.size === 0) return undefined;
  losses.add('/toolConfig');
  return { tools: [...names].map((name) => encodeSpec(name, undefined, { type: 'object' })) };
}

function namesInHistory({ call }: Encoding): Set<string> {
  const calls = call.messages.flatMap(({ content }) => content.filter((part) => part.type === 'tool-call'));
  return new Set(calls.map(({ name }) => name));
}
