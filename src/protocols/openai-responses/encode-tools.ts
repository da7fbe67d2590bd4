import type { Json, JsonObject, ModelCall, ResponseFormat, Tool } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { dialect } from './dialect-name.ts';
import type { ResponsesReport } from './responses-report.ts';

/** Name that the dialect requires for a schema whose client gave none. */
const schemaName = 'answer';

/** Writes tools in the flat shape; a foreign built-in tool cannot be carried. */
export function encodeTools(call: ModelCall, report: ResponsesReport): JsonObject[] {
  const tools: JsonObject[] = [];
  for (const tool of call.tools) {
    const encoded = isChoiceCarrier(tool) ? undefined : encodeTool(tool, `/tools/${tools.length}`, report);
    if (encoded !== undefined) tools.push(encoded);
  }
  return tools;
}

function encodeTool(tool: Tool, to: string, report: ResponsesReport): JsonObject | undefined {
  if (tool.type === 'opaque') {
    if (tool.dialect === dialect && isObject(tool.value)) return tool.value;
    report.refuse(tool.at, `The tool ${tool.name ?? ''} exists only at ${tool.dialect} hosts.`);
    return undefined;
  }
  if (tool.cache !== undefined && tool.at !== undefined) report.drop(`${tool.at}/cache_control`);
  const { name, description, parameters, strict } = tool;
  const ours = report.callDialect === dialect;
  if (parameters === undefined && !ours) report.add(`${to}/parameters`);
  // Elsewhere silence means "not strict"; here it means "strict", which rewrites or refuses ordinary schemas.
  if (strict === undefined && !ours) report.add(`${to}/strict`);
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...((parameters !== undefined || !ours) && { parameters: parameters ?? { type: 'object', properties: {} } }),
    ...((strict !== undefined || !ours) && { strict: strict ?? false }),
  };
}

/** Writes which tool the model must or may call. */
export function encodeToolChoice(call: ModelCall): Json | undefined {
  const carrier = call.tools.find(isChoiceCarrier);
  if (carrier?.type === 'opaque' && isObject(carrier.value)) return carrier.value['tool_choice'];
  const choice = call.toolChoice;
  if (choice === undefined) return undefined;
  switch (choice.type) {
    case 'tool':
      return { type: 'function', name: choice.name };
    case 'allowed': {
      const tools = choice.names.map((name) => ({ type: 'function', name }));
      return { type: 'allowed_tools', mode: choice.mode, tools };
    }
    default:
      return choice.type;
  }
}

/** Writes `text.format`. */
export function encodeFormat(format: ResponseFormat | undefined, report: ResponsesReport): JsonObject | undefined {
  if (format === undefined) return undefined;
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'json') return { type: 'json_object' };
  const { name, description, schema, strict } = format;
  if (name === undefined) report.add('/text/format/name');
  return {
    type: 'json_schema',
    name: name ?? schemaName,
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

/** The opaque entry by which a choice of a built-in tool travels. */
function isChoiceCarrier(tool: Tool): boolean {
  return tool.type === 'opaque' && tool.dialect === dialect && tool.at === '/tool_choice';
}
