import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, AnswerCall, Frame } from '../answers/answer.ts';
import { plainFrame } from '../answers/answer.ts';
import type { Failure, FailureKind } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asList, asNumber, asObject, asText, literalJson } from '../json.ts';
import type { Prompt, PromptTurn } from '../answers/prompt.ts';
import { cacheMarkOf, flattenContent } from '../answers/prompt.ts';
import { countTokens, splitText } from '../answers/text.ts';
import type { AnswerContext, DialectInput, SimulatedDialect } from './dialect.ts';

const knownFields = new Set(
  `messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables
  additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier outputConfig`.split(/\s+/),
);
const exceptionNames: { readonly [kind in FailureKind]: string } = {
  invalid: 'ValidationException',
  auth: 'UnrecognizedClientException',
  billing: 'AccessDeniedException',
  forbidden: 'AccessDeniedException',
  model: 'ResourceNotFoundException',
  timeout: 'ModelTimeoutException',
  'too-large': 'ValidationException',
  rate: 'ThrottlingException',
  quota: 'ServiceQuotaExceededException',
  context: 'ValidationException',
  filter: 'ValidationException',
  server: 'InternalServerException',
  overloaded: 'ServiceUnavailableException',
};
const argumentPieces = 4;

/** Name of the exception a failure becomes; also the `x-amzn-errortype` header. */
export function bedrockException(failure: Failure): string {
  return exceptionNames[failure.kind];
}

/** Amazon Bedrock Converse; frames are named by `event` and packed into the binary event stream by the delivery. */
export const bedrockConverse: SimulatedDialect = {
  id: 'bedrock-converse',
  knownFields,
  unknownField: (name) => `Malformed input request: extraneous key [${name}] is not permitted`,
  readPrompt,
  completion: ({ answer, script }) => ({
    output: { message: { role: 'assistant', content: contentBlocks(answer) } },
    stopReason: stopReason(answer),
    ...(script.usage !== 'none' && { usage: usageOf(answer) }),
    metrics: { latencyMs: 1 },
  }),
  frames,
  errorBody: (failure) => ({ message: failure.message }),
  errorFrames: (failure) => {
    const name = bedrockException(failure);
    const event = `exception:${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    return [plainFrame('end', JSON.stringify({ message: failure.message }), event)];
  },
};

function readPrompt(input: DialectInput): Prompt | Failure {
  const { body } = input;
  const messages = asList(body['messages']).map(asObject);
  if (messages.length === 0) return invalidRequest('1 validation error detected: messages must not be empty');
  const toolConfig = asObject(body['toolConfig']);
  const format = asObject(asObject(asObject(body['outputConfig'])['textFormat'])['structure']);
  const schemaText = asObject(format['jsonSchema'])['schema'];
  return {
    dialect: 'bedrock-converse',
    model: input.model,
    stream: input.stream,
    turns: [...systemTurns(body), ...messages.map(readTurn)],
    tools: asList(toolConfig['tools'])
      .map((tool) => asObject(asObject(tool)['toolSpec']))
      .filter((tool) => tool['name'] !== undefined)
      .map((tool) => ({ name: asText(tool['name']), schema: asObject(tool['inputSchema'])['json'] })),
    toolChoice: readToolChoice(asObject(toolConfig['toolChoice'])),
    schema: typeof schemaText === 'string' ? (JSON.parse(schemaText) as Json) : undefined,
    jsonMode: false,
    maxTokens: asNumber(asObject(body['inferenceConfig'])['maxTokens']),
    reasoning: asObject(body['additionalModelRequestFields'])['thinking'] !== undefined,
    cacheByMark: true,
    continuesPrefill: true,
    body,
  };
}

function systemTurns(body: JsonObject): PromptTurn[] {
  const system = asList(body['system']);
  return system.length === 0 ? [] : [{ role: 'system', text: flattenContent(system), ...cacheMarkOf(system) }];
}

function readTurn(message: JsonObject): PromptTurn {
  const results = asList(message['content']).filter((block) => asObject(block)['toolResult'] !== undefined);
  const mark = cacheMarkOf(message);
  if (results.length > 0) {
    const texts = results.map((block) => flattenContent(asObject(asObject(block)['toolResult'])['content']));
    return { role: 'tool', text: texts.join('\n'), ...mark };
  }
  return {
    role: message['role'] === 'assistant' ? 'assistant' : 'user',
    text: flattenContent(message['content']),
    ...mark,
  };
}

function readToolChoice(choice: JsonObject): Prompt['toolChoice'] {
  if (choice['any'] !== undefined) return { mode: 'any' };
  return choice['tool'] === undefined
    ? { mode: 'auto' }
    : { mode: 'any', name: asText(asObject(choice['tool'])['name']) };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer, script } = context;
  const list: Frame[] = [];
  const emit = (kind: Frame['kind'], event: string, fields: JsonObject): void => {
    list.push(plainFrame(kind, JSON.stringify(fields), event));
  };
  emit('lifecycle', 'messageStart', { role: 'assistant' });
  let index = 0;
  const block = (deltas: readonly { delta: JsonObject; tokens: number }[], start?: JsonObject): void => {
    const contentBlockIndex = index++;
    if (start !== undefined) emit('content', 'contentBlockStart', { start, contentBlockIndex });
    for (const { delta, tokens } of deltas) {
      const data = JSON.stringify({ delta, contentBlockIndex });
      list.push({ kind: 'content', event: 'contentBlockDelta', data, tokens });
    }
    emit('lifecycle', 'contentBlockStop', { contentBlockIndex });
  };
  if (answer.reasoning.length > 0) block(reasoningDeltas(answer));
  const spoken = [...answer.text, ...answer.refusal];
  if (spoken.length > 0) block(spoken.map((text) => ({ delta: { text }, tokens: countTokens(text) })));
  for (const call of answer.calls) block(callDeltas(call), { toolUse: { toolUseId: call.id, name: call.name } });
  emit('finish', 'messageStop', { stopReason: stopReason(answer) });
  if (script.usage !== 'none') emit('usage', 'metadata', { usage: usageOf(answer), metrics: { latencyMs: 1 } });
  return list;
}

function reasoningDeltas(answer: Answer): { delta: JsonObject; tokens: number }[] {
  const shown = answer.reasoning.map((text) => ({ delta: { reasoningContent: { text } }, tokens: countTokens(text) }));
  return [...shown, { delta: { reasoningContent: { signature: answer.signature } }, tokens: 0 }];
}

function callDeltas(call: AnswerCall): { delta: JsonObject; tokens: number }[] {
  return splitText(call.argumentsText, argumentPieces).map((input) => ({
    delta: { toolUse: { input } },
    tokens: countTokens(input),
  }));
}

function contentBlocks(answer: Answer): Json[] {
  const spoken = [...answer.text, ...answer.refusal].join('');
  const reasoningText = { text: answer.reasoning.join(''), signature: answer.signature };
  return [
    ...(answer.reasoning.length > 0 ? [{ reasoningContent: { reasoningText } }] : []),
    ...(spoken === '' ? [] : [{ text: spoken }]),
    ...answer.calls.map((call) => ({
      toolUse: { toolUseId: call.id, name: call.name, input: literalJson(call.argumentsText) },
    })),
  ];
}

function stopReason(answer: Answer): string {
  const reasons = {
    stop: 'end_turn',
    length: 'max_tokens',
    tools: 'tool_use',
    refusal: 'refusal',
    filter: 'content_filtered',
  };
  return reasons[answer.finish];
}

function usageOf(answer: Answer): JsonObject {
  const { usage } = answer;
  return {
    inputTokens: usage.input - usage.cacheRead - usage.cacheWrite,
    outputTokens: usage.output,
    totalTokens: usage.input + usage.output,
    cacheReadInputTokens: usage.cacheRead,
    cacheWriteInputTokens: usage.cacheWrite,
  };
}
