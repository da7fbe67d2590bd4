import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Failure } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asList, asNumber, asObject, asText, isFilledObject } from '../json.ts';
import type { Prompt, PromptTurn } from '../answers/prompt.ts';
import { flattenContent } from '../answers/prompt.ts';
import { isOwnSignature } from '../answers/signature.ts';
import type { DialectInput } from './dialect.ts';

/** Reads a Responses request. */
export function readResponsesPrompt(input: DialectInput): Prompt | Failure {
  const { body, earlier } = input;
  if (body['input'] === undefined) return invalidRequest("Missing required parameter: 'input'.", 'input');
  const items = typeof body['input'] === 'string' ? [] : asList(body['input']).map(asObject);
  const refused = checkItems(items, earlier.length > 0) ?? checkEncrypted(items, input);
  if (refused !== undefined) return refused;
  const format = asObject(asObject(body['text'])['format']);
  const turns = typeof body['input'] === 'string' ? [userTurn(body['input'])] : items.map(readItem);
  return {
    dialect: 'openai-responses',
    model: input.model,
    stream: input.stream,
    turns: [...instructionTurns(body), ...earlier, ...turns],
    tools: asList(body['tools'])
      .map(asObject)
      .filter((tool) => tool['type'] === 'function')
      .map((tool) => ({ name: asText(tool['name'], 'unnamed'), schema: tool['parameters'] })),
    toolChoice: readToolChoice(body['tool_choice']),
    schema: format['type'] === 'json_schema' ? format['schema'] : undefined,
    jsonMode: format['type'] === 'json_object',
    maxTokens: asNumber(body['max_output_tokens']),
    reasoning: isFilledObject(body['reasoning']),
    cacheByMark: false,
    continuesPrefill: false,
    body,
  };
}

function instructionTurns(body: JsonObject): PromptTurn[] {
  return typeof body['instructions'] === 'string' ? [{ role: 'system', text: body['instructions'] }] : [];
}

function userTurn(text: string): PromptTurn {
  return { role: 'user', text };
}

function readItem(item: JsonObject): PromptTurn {
  const type = asText(item['type'], 'message');
  if (type === 'function_call_output') return { role: 'tool', text: flattenContent(item['output']) };
  if (type !== 'message') return { role: 'assistant', text: JSON.stringify(item) };
  const role = asText(item['role'], 'user');
  const text = flattenContent(item['content']);
  if (role === 'system' || role === 'developer') return { role: 'system', text };
  return { role: role === 'assistant' ? 'assistant' : 'user', text };
}

function readToolChoice(choice: Json | undefined): Prompt['toolChoice'] {
  if (choice === 'none') return { mode: 'none' };
  if (choice === 'required') return { mode: 'any' };
  const name = asObject(choice)['name'];
  return typeof name === 'string' ? { mode: 'any', name } : { mode: 'auto' };
}

function checkItems(items: readonly JsonObject[], continues: boolean): Failure | undefined {
  const called = new Set(
    items.filter((item) => item['type'] === 'function_call').map((item) => asText(item['call_id'])),
  );
  const answered = new Set<string>();
  for (const item of items) {
    if (item['type'] !== 'function_call_output') continue;
    const id = asText(item['call_id']);
    answered.add(id);
    if (!called.has(id) && !continues) {
      return invalidRequest(`No tool call found for function call output with call_id ${id}.`, 'input');
    }
  }
  const open = [...called].find((id) => !answered.has(id));
  return open === undefined ? undefined : invalidRequest(`No tool output found for function call ${open}.`, 'input');
}

function checkEncrypted(items: readonly JsonObject[], input: DialectInput): Failure | undefined {
  if (input.script.signatures !== 'strict') return undefined;
  for (const item of items) {
    const encrypted = item['encrypted_content'];
    if (item['type'] !== 'reasoning' || typeof encrypted !== 'string') continue;
    const text = asList(item['summary'])
      .map((part) => asText(asObject(part)['text']))
      .join('');
    if (!isOwnSignature(input.label, text, encrypted)) {
      return invalidRequest(`The encrypted content for item ${asText(item['id'])} could not be verified.`);
    }
  }
  return undefined;
}
