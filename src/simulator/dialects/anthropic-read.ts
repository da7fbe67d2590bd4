import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Failure } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asList, asNumber, asObject, asText } from '../json.ts';
import type { Prompt, PromptTurn } from '../answers/prompt.ts';
import { cacheMarkOf, flattenContent } from '../answers/prompt.ts';
import { isOwnSignature } from '../answers/signature.ts';
import type { DialectInput } from './dialect.ts';

/** Reads a Messages request, refusing what Anthropic refuses. */
export function readMessagesPrompt(input: DialectInput): Prompt | Failure {
  const { body, script } = input;
  const messages = asList(body['messages']).map(asObject);
  if (messages.length === 0) return invalidRequest('messages: Field required');
  if (typeof body['max_tokens'] !== 'number') return invalidRequest('max_tokens: Field required');
  const refused =
    checkRoles(messages) ??
    checkPrefill(messages, input) ??
    checkToolResults(messages) ??
    checkThinking(messages, input);
  if (refused !== undefined) return refused;
  if (script.schema === 'reject' && schemaOf(body) !== undefined) {
    return invalidRequest('output_format: Extra inputs are not permitted');
  }
  return {
    dialect: 'anthropic-messages',
    model: input.model,
    stream: input.stream,
    turns: [...systemTurns(body), ...messages.map(readTurn)],
    tools: asList(body['tools']).map((tool) => ({
      name: asText(asObject(tool)['name'], 'unnamed'),
      schema: asObject(tool)['input_schema'],
    })),
    toolChoice: readToolChoice(asObject(body['tool_choice'])),
    schema: schemaOf(body),
    jsonMode: false,
    maxTokens: asNumber(body['max_tokens']),
    reasoning: ['enabled', 'adaptive'].includes(asText(asObject(body['thinking'])['type'])),
    cacheByMark: true,
    continuesPrefill: true,
    body,
  };
}

function schemaOf(body: JsonObject): Json | undefined {
  const format = asObject(asObject(body['output_config'])['format'] ?? body['output_format']);
  return format['type'] === 'json_schema' ? format['schema'] : undefined;
}

function systemTurns(body: JsonObject): PromptTurn[] {
  const system = body['system'];
  if (system === undefined) return [];
  const mark = cacheMarkOf([system, body['tools'] ?? []]);
  return [{ role: 'system', text: flattenContent(system), ...mark }];
}

function readTurn(message: JsonObject): PromptTurn {
  const blocks = asList(message['content']).map(asObject);
  const results = blocks.filter((block) => block['type'] === 'tool_result');
  const mark = cacheMarkOf(message);
  if (message['role'] === 'assistant') return { role: 'assistant', text: flattenContent(message['content']), ...mark };
  // Text beside tool results does not make a new question.
  if (results.length > 0) {
    return { role: 'tool', text: results.map((block) => flattenContent(block['content'])).join('\n'), ...mark };
  }
  return { role: 'user', text: flattenContent(message['content']), ...mark };
}

function readToolChoice(choice: JsonObject): Prompt['toolChoice'] {
  if (choice['type'] === 'none') return { mode: 'none' };
  if (choice['type'] === 'any') return { mode: 'any' };
  return choice['type'] === 'tool' ? { mode: 'any', name: asText(choice['name']) } : { mode: 'auto' };
}

function checkRoles(messages: readonly JsonObject[]): Failure | undefined {
  const at = messages.findIndex((message) => message['role'] !== 'user' && message['role'] !== 'assistant');
  if (at < 0) return undefined;
  return invalidRequest(`messages.${at}.role: Input should be 'user' or 'assistant'`);
}

function checkPrefill(messages: readonly JsonObject[], input: DialectInput): Failure | undefined {
  const last = messages.at(-1);
  if (last?.['role'] !== 'assistant') return undefined;
  if (input.script.prefill === 'reject') {
    return invalidRequest(
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  }
  if (/\s$/.test(flattenContent(last['content']))) {
    return invalidRequest('messages: final assistant content cannot end with trailing whitespace');
  }
  return undefined;
}

function checkToolResults(messages: readonly JsonObject[]): Failure | undefined {
  for (const [at, message] of messages.entries()) {
    const used = idsOf(message, 'tool_use', 'id');
    const next = messages[at + 1];
    const answered = new Set(next === undefined ? [] : idsOf(next, 'tool_result', 'tool_use_id'));
    const open = used.filter((id) => !answered.has(id));
    if (open.length > 0 && next !== undefined) {
      return invalidRequest(
        `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const stray = [...answered].find((id) => !used.includes(id));
    if (stray !== undefined) {
      return invalidRequest(
        `messages.${at + 1}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
  }
  return undefined;
}

function idsOf(message: JsonObject, type: string, field: string): string[] {
  return asList(message['content'])
    .map(asObject)
    .filter((block) => block['type'] === type)
    .map((block) => asText(block[field]));
}

function checkThinking(messages: readonly JsonObject[], input: DialectInput): Failure | undefined {
  for (const [at, message] of messages.entries()) {
    if (message['role'] !== 'assistant') continue;
    for (const [blockAt, block] of asList(message['content']).map(asObject).entries()) {
      if (block['type'] !== 'thinking') continue;
      const signature = block['signature'];
      const place = `messages.${at}.content.${blockAt}`;
      if (typeof signature !== 'string') return invalidRequest(`${place}.thinking.signature: Field required`);
      const text = asText(block['thinking']);
      // A block that shows only its signature was signed over hidden text.
      if (input.script.signatures === 'strict' && text !== '' && !isOwnSignature(input.label, text, signature)) {
        return invalidRequest(`${place}: Invalid \`signature\` in \`thinking\` block`);
      }
    }
  }
  return input.script.signatures === 'strict' ? checkThinkingOrder(messages, input) : undefined;
}

/** With thinking on, an assistant turn that called tools must still begin with its thinking. */
function checkThinkingOrder(messages: readonly JsonObject[], input: DialectInput): Failure | undefined {
  if (asObject(input.body['thinking'])['type'] !== 'enabled') return undefined;
  const at = messages.findLastIndex((message) => message['role'] === 'assistant');
  const blocks = asList(messages[at]?.['content']).map((block) => asText(asObject(block)['type']));
  if (!blocks.includes('tool_use') || blocks[0] === 'thinking' || blocks[0] === 'redacted_thinking') return undefined;
  return invalidRequest(
    `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${blocks[0]}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
  );
}
