import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Failure } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asList, asNumber, asObject, asText, isFilledObject } from '../json.ts';
import type { Prompt, PromptTurn } from '../answers/prompt.ts';
import { flattenContent } from '../answers/prompt.ts';
import type { DialectInput } from './dialect.ts';

/** Reads a generateContent request. */
export function readGeminiPrompt(input: DialectInput): Prompt | Failure {
  const { body } = input;
  const contents = asList(body['contents']).map(asObject);
  if (contents.length === 0) return invalidRequest('* GenerateContentRequest.contents: contents is not specified');
  const refused = checkFunctionResponses(contents) ?? checkThoughtSignatures(contents, input);
  if (refused !== undefined) return refused;
  const config = asObject(body['generationConfig'] ?? body['generation_config']);
  const schema = config['responseJsonSchema'] ?? config['responseSchema'] ?? config['_responseJsonSchema'];
  if (input.script.schema === 'reject' && schema !== undefined) {
    return invalidRequest('Invalid JSON payload received. Unknown name "responseSchema": Cannot find field.');
  }
  return {
    dialect: 'gemini',
    model: input.model,
    stream: input.stream,
    turns: [...systemTurns(body), ...contents.map(readTurn)],
    tools: readTools(body),
    toolChoice: readToolChoice(body),
    schema,
    jsonMode: config['responseMimeType'] === 'application/json' && schema === undefined,
    maxTokens: asNumber(config['maxOutputTokens']),
    reasoning: asObject(config['thinkingConfig'])['includeThoughts'] === true,
    cacheByMark: false,
    continuesPrefill: false,
    body,
  };
}

function systemTurns(body: JsonObject): PromptTurn[] {
  const system = body['systemInstruction'] ?? body['system_instruction'];
  return isFilledObject(system) ? [{ role: 'system', text: flattenContent(asObject(system)['parts']) }] : [];
}

function readTurn(content: JsonObject): PromptTurn {
  const parts = asList(content['parts']).map(asObject);
  const responses = parts.filter((part) => part['functionResponse'] !== undefined);
  if (responses.length > 0) {
    const texts = responses.map((part) => JSON.stringify(asObject(part['functionResponse'])['response'] ?? null));
    return { role: 'tool', text: texts.join('\n') };
  }
  return { role: content['role'] === 'model' ? 'assistant' : 'user', text: flattenContent(parts) };
}

function readTools(body: JsonObject): Prompt['tools'] {
  return asList(body['tools'])
    .flatMap((tool) => asList(asObject(tool)['functionDeclarations'] ?? asObject(tool)['function_declarations']))
    .map(asObject)
    .map((declared) => ({
      name: asText(declared['name'], 'unnamed'),
      schema: declared['parametersJsonSchema'] ?? declared['parameters'],
    }));
}

function readToolChoice(body: JsonObject): Prompt['toolChoice'] {
  const config = asObject(asObject(body['toolConfig'] ?? body['tool_config'])['functionCallingConfig']);
  if (config['mode'] === 'NONE') return { mode: 'none' };
  if (config['mode'] !== 'ANY') return { mode: 'auto' };
  const [name] = asList(config['allowedFunctionNames']);
  return typeof name === 'string' ? { mode: 'any', name } : { mode: 'any' };
}

function countParts(content: JsonObject | undefined, field: string): number {
  return asList(content?.['parts']).filter((part) => asObject(part)[field] !== undefined).length;
}

function checkFunctionResponses(contents: readonly JsonObject[]): Failure | undefined {
  for (const [at, content] of contents.entries()) {
    const answered = countParts(content, 'functionResponse');
    if (answered > 0 && answered !== countParts(contents[at - 1], 'functionCall')) {
      return invalidRequest(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
    }
  }
  return undefined;
}

/** Newer models insist on the thought signature of the first call of each step of the running turn. */
function checkThoughtSignatures(contents: readonly JsonObject[], input: DialectInput): Failure | undefined {
  if (input.script.signatures !== 'strict') return undefined;
  const turnStart = contents.findLastIndex(
    (content) => content['role'] !== 'model' && countParts(content, 'functionResponse') === 0,
  );
  for (const [at, content] of contents.entries()) {
    if (at < turnStart) continue;
    const call = asList(content['parts'])
      .map(asObject)
      .find((part): part is JsonObject => part['functionCall'] !== undefined);
    if (content['role'] !== 'model' || call === undefined || typeof call['thoughtSignature'] === 'string') continue;
    const name = asText(asObject(call['functionCall'] as Json)['name']);
    return invalidRequest(
      `Function call \`default_api:${name}\` in the ${at + 1}. content block is missing a \`thought_signature\`.`,
    );
  }
  return undefined;
}
