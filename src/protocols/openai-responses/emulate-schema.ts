import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { type EncodeOptions, schemaToolName } from '../contract.ts';
import type { ResponsesReport } from './responses-report.ts';

/** A tool that stands in for structured output. */
export interface EmulatedSchema {
  readonly tool: JsonObject;
  readonly choice: JsonObject | string;
}

/**
 * On a host without structured output the answer is given as the arguments of a tool that must be called; beside the
 * client's own tools the model chooses, but must call one. A call that has to be to one of the client's tools gives no
 * answer yet and needs no form.
 */
export function emulateSchema(
  call: ModelCall,
  options: EncodeOptions,
  report: ResponsesReport,
): EmulatedSchema | undefined {
  const { responseFormat: format, toolChoice } = call;
  if (format?.type !== 'json-schema' || options.nativeJsonSchema) return undefined;
  if (toolChoice?.type === 'tool') {
    report.dropField('responseFormat');
    return undefined;
  }
  const { type } = format.schema;
  if (type !== undefined && type !== 'object') {
    const problem = 'This endpoint can only answer with a JSON object: the schema must be of type object.';
    report.refuse(report.pointerOf('responseFormat'), problem);
  }
  const alone = call.tools.length === 0 || toolChoice?.type === 'none';
  return {
    tool: {
      type: 'function',
      name: schemaToolName,
      description: format.description ?? 'Gives the final answer in the required form.',
      parameters: { type: 'object', ...format.schema },
      strict: false,
    },
    choice: alone ? { type: 'function', name: schemaToolName } : 'required',
  };
}
