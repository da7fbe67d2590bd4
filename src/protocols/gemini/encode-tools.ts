import type { Json, JsonObject, ModelCall, ToolChoice } from '../../domain/calls/model-call.ts';
import { schemaToolName } from '../contract.ts';
import type { LossReport } from '../shared/loss-report.ts';

/** Encodes functions as one list of declarations beside Gemini's own tools. */
export function encodeTools(call: ModelCall, schema: JsonObject | undefined, losses: LossReport): JsonObject[] {
  const declarations: JsonObject[] = [];
  const others: JsonObject[] = [];
  for (const tool of call.tools) {
    if (tool.type === 'opaque') {
      if (tool.dialect === 'gemini') others.push(tool.value as JsonObject);
      else losses.refuse(tool.at, `The tool ${tool.name ?? ''} exists only in the dialect of another provider.`);
      continue;
    }
    const { name, description, parameters } = tool;
    if (tool.strict === true && tool.at !== undefined) losses.drop(`${tool.at}/strict`);
    if (tool.cache !== undefined && tool.at !== undefined) losses.drop(`${tool.at}/cache_control`);
    declarations.push({
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parametersJsonSchema: parameters }),
    });
  }
  if (schema !== undefined) {
    declarations.push({
      name: schemaToolName,
      description: 'Gives the final answer in the required form.',
      parametersJsonSchema: schema,
    });
  }
  return [...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []), ...others];
}

/** Encodes which functions must or may be called; with emulated structured output some function must be. */
export function encodeToolConfig(choice: ToolChoice | undefined, emulatesSchema: boolean): JsonObject | undefined {
  const mode = emulatesSchema ? emulated(choice) : modeOf(choice);
  return mode && { functionCallingConfig: mode };
}

function modeOf(choice: ToolChoice | undefined): { readonly [key: string]: Json } | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'allowed':
      return { mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: choice.names };
  }
}

function emulated(choice: ToolChoice | undefined): JsonObject {
  switch (choice?.type) {
    case 'none':
      return { mode: 'ANY', allowedFunctionNames: [schemaToolName] };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'allowed':
      return {
        mode: 'ANY',
        allowedFunctionNames: choice.mode === 'required' ? choice.names : [...choice.names, schemaToolName],
      };
    default:
      return { mode: 'ANY' };
  }
}
