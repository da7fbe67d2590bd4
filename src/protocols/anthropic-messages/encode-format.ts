import type { Json, JsonObject, ResponseFormat } from '../../domain/calls/model-call.ts';
import { schemaToolName } from '../contract.ts';
import type { EncodeContext } from './encode-context.ts';
import { forces } from './encode-tools.ts';
import { fitsNativeSchema } from './native-schema.ts';

/** How the form of the answer is asked for: natively, by a forced tool, or not at all. */
export interface EncodedFormat {
  readonly format?: JsonObject;
  readonly tools?: readonly Json[];
  readonly toolChoice?: JsonObject;
}

/** Writes the response format. `toolFields` are the fields that `encodeTools` wrote. */
export function encodeFormat(context: EncodeContext, toolFields: JsonObject): EncodedFormat {
  const { responseFormat, toolChoice } = context.call;
  if (responseFormat === undefined || responseFormat.type === 'text') return {};
  // A forced call of the client's own tool leaves no text whose form could matter.
  if (toolChoice !== undefined && forces(toolChoice)) return {};
  if (responseFormat.type === 'json-schema' && isNative(context, responseFormat.schema)) {
    return { format: { type: 'json_schema', schema: responseFormat.schema } };
  }
  return emulate(context, responseFormat, toolFields);
}

function isNative(context: EncodeContext, schema: JsonObject): boolean {
  return context.options.nativeJsonSchema && (context.native || fitsNativeSchema(schema));
}

function emulate(
  context: EncodeContext,
  format: Exclude<ResponseFormat, { readonly type: 'text' }>,
  toolFields: JsonObject,
): EncodedFormat {
  const pointer = context.call.pointers['responseFormat'] ?? '/response_format';
  const schema = format.type === 'json-schema' ? format.schema : {};
  if (!context.traits.forcedTools) context.refuse(pointer, 'the upstream model has no way to keep this form');
  if ((schema['type'] ?? 'object') !== 'object') context.refuse(pointer, 'the upstream needs a schema of an object');
  const own = Array.isArray(toolFields['tools']) ? toolFields['tools'] : [];
  const described = format.type === 'json-schema' ? format.description : undefined;
  const tool: JsonObject = {
    name: schemaToolName,
    description: described ?? 'Gives the final answer. Call it exactly once, when the answer is complete.',
    input_schema: { type: 'object', ...schema },
  };
  const choice = toolFields['tool_choice'];
  const others = own.length > 0 && context.call.toolChoice?.type !== 'none';
  return {
    tools: [...own, tool],
    toolChoice: others
      ? { ...(choice as JsonObject | undefined), type: 'any' }
      : { type: 'tool', name: schemaToolName },
  };
}
