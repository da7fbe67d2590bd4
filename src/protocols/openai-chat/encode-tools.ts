import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall, ResponseFormat, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { type EncodeOptions, schemaToolName } from '../contract.ts';
import type { LossReport } from './loss-report.ts';
import { dialect } from './dialect-name.ts';
import { compact, objectOf, textOf } from './values.ts';

/** Fields of a request about tools and the form of the answer. */
export interface EncodedTools {
  readonly fields: JsonObject;
  readonly added: readonly string[];
  readonly emulatesSchema?: boolean;
}

type SchemaFormat = Extract<ResponseFormat, { readonly type: 'json-schema' }>;

/** Writes tools, tool choice and response format; a schema on an endpoint without it becomes a forced tool. */
export function encodeTools(call: ModelCall, options: EncodeOptions, report: LossReport): EncodedTools | Fault {
  const tools: JsonObject[] = [];
  for (const tool of call.tools) {
    const encoded = encodeTool(tool, call, report);
    if (Fault.is(encoded)) return encoded;
    tools.push(encoded);
  }
  const format = call.responseFormat;
  const forced = call.toolChoice?.type === 'tool';
  if (format?.type === 'json-schema' && !options.nativeJsonSchema && !forced) return emulate(call, format, tools);
  const hasTools = tools.length > 0;
  const nameless = format?.type === 'json-schema' && format.name === undefined;
  return {
    fields: compact({
      tools: hasTools ? tools : undefined,
      tool_choice: hasTools && call.toolChoice ? encodeChoice(call.toolChoice) : undefined,
      parallel_tool_calls: hasTools ? call.parallelToolCalls : undefined,
      response_format: format && encodeFormat(format),
    }),
    added: nameless ? ['/response_format/json_schema/name'] : [],
  };
}

function encodeTool(tool: Tool, call: ModelCall, report: LossReport): JsonObject | Fault {
  if (tool.type === 'opaque') {
    if (tool.dialect === dialect) return tool.value as JsonObject;
    return new Fault('unsupported_feature', {
      message: `The tool ${tool.name ?? textOf(objectOf(tool.value)?.['type']) ?? ''} is run by its own provider and cannot be carried to this endpoint.`,
      param: tool.at,
    });
  }
  const { name, description, parameters, strict, cache } = tool;
  const own = call.dialect === dialect;
  if (cache && !own) report.dropPointer(tool.at, '/cache_control');
  return compact({
    type: 'function',
    function: compact({ name, description, parameters, strict }),
    cache_control: cache && own ? { type: 'ephemeral', ttl: cache.ttl } : undefined,
  });
}

function encodeChoice(choice: ToolChoice): string | JsonObject {
  switch (choice.type) {
    case 'tool':
      return named(choice.name);
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: { mode: choice.mode, tools: choice.names.map(named) },
      };
    default:
      return choice.type;
  }
}

function named(name: string): JsonObject {
  return { type: 'function', function: { name } };
}

function encodeFormat(format: ResponseFormat): JsonObject {
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'json') return { type: 'json_object' };
  const { name = 'answer', description, schema, strict } = format;
  return { type: 'json_schema', json_schema: compact({ name, description, schema, strict }) };
}

/** The answer is given as arguments of a tool; with tools of the client's own the model chooses, but must call one. */
function emulate(call: ModelCall, format: SchemaFormat, tools: readonly JsonObject[]): EncodedTools | Fault {
  const { type } = format.schema;
  if (type !== undefined && type !== 'object') {
    return new Fault('unsupported_feature', {
      message: 'This endpoint can only answer with a JSON object: the schema must be of type object.',
      param: call.pointers['responseFormat'],
    });
  }
  const description = format.description ?? 'Gives the final answer in the required form.';
  const answer = {
    type: 'function',
    function: { name: schemaToolName, description, parameters: { type: 'object', ...format.schema } },
  };
  const alone = tools.length === 0 || call.toolChoice?.type === 'none';
  return {
    fields: compact({
      tools: [...tools, answer],
      tool_choice: alone ? named(schemaToolName) : 'required',
      parallel_tool_calls: alone ? undefined : call.parallelToolCalls,
    }),
    added: [],
    emulatesSchema: true,
  };
}
