import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Failure } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asList, asNumber, asObject, asText } from '../json.ts';
import type { Prompt, PromptTool, PromptTurn } from '../answers/prompt.ts';
import { cacheMarkOf, flattenContent } from '../answers/prompt.ts';
import type { DialectInput } from './dialect.ts';

const roles: { readonly [role: string]: PromptTurn['role'] } = {
  system: 'system',
  developer: 'system',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** Reads a Chat Completions request. */
export function readChatPrompt(input: DialectInput): Prompt | Failure {
  const { body, script } = input;
  const messages = asList(body['messages']).map(asObject);
  if (messages.length === 0) return invalidRequest("Missing required parameter: 'messages'.", 'messages');
  if (script.streamOptions === 'reject' && body['stream_options'] !== undefined) {
    return invalidRequest('Unrecognized request argument supplied: stream_options', 'stream_options');
  }
  if (body['stream_options'] !== undefined && body['stream_options'] !== null && !input.stream) {
    return invalidRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  }
  const refused = checkToolMessages(messages) ?? checkThoughtSignatures(messages, input);
  if (refused !== undefined) return refused;
  const format = asObject(body['response_format']);
  return {
    dialect: 'openai-chat',
    model: input.model,
    stream: input.stream,
    turns: messages.map(readTurn),
    tools: readTools(body),
    toolChoice: readToolChoice(body['tool_choice']),
    schema: asObject(format['json_schema'])['schema'],
    jsonMode: format['type'] === 'json_object',
    maxTokens: asNumber(body['max_completion_tokens']) ?? asNumber(body['max_tokens']),
    reasoning:
      body['reasoning_effort'] !== undefined || body['reasoning'] !== undefined || body['thinking'] !== undefined,
    cacheByMark: false,
    continuesPrefill: false,
    body,
  };
}

function readTurn(message: JsonObject): PromptTurn {
  const calls = message['tool_calls'];
  const text = flattenContent(message['content']) + (calls === undefined ? '' : JSON.stringify(calls));
  return { role: roles[asText(message['role'])] ?? 'user', text, ...cacheMarkOf(message) };
}

function readTools(body: JsonObject): PromptTool[] {
  return asList(body['tools']).map((tool) => {
    const declared = asObject(asObject(tool)['function']);
    return { name: asText(declared['name'], 'unnamed'), schema: declared['parameters'] };
  });
}

function readToolChoice(choice: Json | undefined): Prompt['toolChoice'] {
  if (choice === 'none') return { mode: 'none' };
  if (choice === 'required') return { mode: 'any' };
  const name = asObject(asObject(choice)['function'])['name'];
  return typeof name === 'string' ? { mode: 'any', name } : { mode: 'auto' };
}

function checkToolMessages(messages: readonly JsonObject[]): Failure | undefined {
  let open = new Set<string>();
  for (const [at, message] of messages.entries()) {
    if (message['role'] === 'tool') {
      if (!open.delete(asText(message['tool_call_id']))) {
        return invalidRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          `messages.[${at}].role`,
        );
      }
      continue;
    }
    if (open.size > 0) return unansweredCalls(open);
    open = new Set(asList(message['tool_calls']).map((call) => asText(asObject(call)['id'])));
  }
  return open.size > 0 ? unansweredCalls(open) : undefined;
}

function unansweredCalls(open: ReadonlySet<string>): Failure {
  return invalidRequest(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    'messages',
  );
}

/** Google's compatible route insists on the thought signature of the first call of a turn. */
function checkThoughtSignatures(messages: readonly JsonObject[], input: DialectInput): Failure | undefined {
  if (input.script.signatures !== 'strict' || input.script.tools !== 'google-signature') return undefined;
  for (const message of messages) {
    const [call] = asList(message['tool_calls']).map(asObject);
    if (call === undefined) continue;
    const extra = asObject(asObject(call['extra_content'])['google']);
    if (extra['thought_signature'] === undefined) {
      const name = asText(asObject(call['function'])['name']);
      return invalidRequest(`Function call \`default_api:${name}\` is missing a \`thought_signature\`.`);
    }
  }
  return undefined;
}
