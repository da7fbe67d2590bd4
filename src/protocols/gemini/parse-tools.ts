import type { Json, JsonObject, Tool, ToolChoice } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { wordOf } from '../shared/word-of.ts';
import { GeminiReader } from './gemini-reader.ts';
import { toJsonSchema } from './json-schema.ts';
import type { Rest } from './parse-contents.ts';

/** Reads function declarations as functions, every other kind of tool as one that only Gemini understands. */
export function parseTools(tools: readonly Json[], rest: Rest): Tool[] {
  return tools.flatMap((tool, at) => {
    if (!isObject(tool)) return [];
    const reader = new GeminiReader(tool, `/tools/${at}`);
    const declarations = reader.array('functionDeclarations') ?? [];
    const functions = declarations.flatMap((declaration, index) =>
      isObject(declaration) ? [parseFunction(declaration, `/tools/${at}/functionDeclarations/${index}`, rest)] : [],
    );
    const others = Object.entries(reader.rest()).map(([pointer, value]): Tool => {
      const name = pointer.slice(pointer.lastIndexOf('/') + 1);
      return { type: 'opaque', dialect: 'gemini', name, value: { [name]: value }, at: pointer };
    });
    return [...functions, ...others];
  });
}

function parseFunction(declaration: JsonObject, at: string, rest: Rest): Tool {
  const reader = new GeminiReader(declaration, at);
  const name = wordOf(reader.any('name'));
  const description = reader.string('description');
  const openApi = reader.object('parameters');
  const jsonSchema = reader.object('parametersJsonSchema');
  const parameters = jsonSchema ?? (openApi && toJsonSchema(openApi));
  Object.assign(rest, reader.rest());
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    at,
  };
}

/** Reads which functions must or may be called. */
export function parseToolChoice(
  toolConfig: JsonObject,
  pointers: Record<string, string>,
  rest: Rest,
): ToolChoice | undefined {
  const outer = new GeminiReader(toolConfig, '/toolConfig');
  const config = outer.object('functionCallingConfig', 'toolChoice');
  Object.assign(rest, outer.rest());
  if (config === undefined) return undefined;
  Object.assign(pointers, outer.pointers);
  const reader = new GeminiReader(config, '/toolConfig/functionCallingConfig');
  const mode = wordOf(reader.any('mode'), 'AUTO').toUpperCase();
  const names = (reader.array('allowedFunctionNames') ?? []).map(String);
  Object.assign(rest, reader.rest());
  return choiceOf(mode, names);
}

function choiceOf(mode: string, names: readonly string[]): ToolChoice {
  const [first, ...more] = names;
  switch (mode) {
    case 'NONE':
      return { type: 'none' };
    case 'ANY':
      if (first === undefined) return { type: 'required' };
      return more.length === 0 ? { type: 'tool', name: first } : { type: 'allowed', mode: 'required', names };
    default:
      return first === undefined ? { type: 'auto' } : { type: 'allowed', mode: 'auto', names };
  }
}
