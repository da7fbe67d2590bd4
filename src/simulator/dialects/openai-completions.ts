import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, Frame } from '../answers/answer.ts';
import { plainFrame } from '../answers/answer.ts';
import type { Failure } from '../scripts/failure.ts';
import { invalidRequest } from '../scripts/failure.ts';
import { asNumber, asObject } from '../json.ts';
import type { Prompt } from '../answers/prompt.ts';
import { flattenContent } from '../answers/prompt.ts';
import { countTokens } from '../answers/text.ts';
import type { AnswerContext, DialectInput, SimulatedDialect } from './dialect.ts';
import { openAiError } from './openai-errors.ts';
import { chatUsage } from './openai-usage.ts';

const knownFields = new Set(
  `model prompt suffix max_tokens temperature top_p n stream stream_options logprobs echo stop presence_penalty
  frequency_penalty best_of logit_bias user seed`.split(/\s+/),
);

/** OpenAI Completions, the legacy dialect. */
export const openAiCompletions: SimulatedDialect = {
  id: 'openai-completions',
  knownFields,
  unknownField: (name) => `Unrecognized request argument supplied: ${name}`,
  readPrompt,
  completion: (context) => ({
    ...envelope(context.answer),
    choices: [choice(context.answer.text.join(''), finishReason(context.answer))],
    usage: chatUsage(context.answer.usage, context.script),
  }),
  frames,
  errorBody: (failure: Failure) => openAiError(failure),
  errorFrames: (failure) => [plainFrame('end', JSON.stringify(openAiError(failure)))],
};

function readPrompt(input: DialectInput): Prompt | Failure {
  const { body } = input;
  if (body['prompt'] === undefined) return invalidRequest("Missing required parameter: 'prompt'.", 'prompt');
  return {
    dialect: 'openai-completions',
    model: input.model,
    stream: input.stream,
    turns: [{ role: 'user', text: flattenContent(body['prompt']) }],
    tools: [],
    toolChoice: { mode: 'none' },
    schema: undefined,
    jsonMode: false,
    maxTokens: asNumber(body['max_tokens']),
    reasoning: false,
    cacheByMark: false,
    continuesPrefill: false,
    body,
  };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer, prompt, script } = context;
  const chunk = (fields: JsonObject): string => JSON.stringify({ ...envelope(answer), ...fields });
  const wantsUsage = asObject(prompt.body['stream_options'])['include_usage'] === true;
  const content = answer.text.map((text): Frame => ({
    kind: 'content',
    data: chunk({ choices: [choice(text, null)] }),
    tokens: countTokens(text),
  }));
  return [
    ...content,
    plainFrame('finish', chunk({ choices: [choice('', finishReason(answer))] })),
    ...(wantsUsage ? [plainFrame('usage', chunk({ choices: [], usage: chatUsage(answer.usage, script) }))] : []),
    plainFrame('end', '[DONE]'),
  ];
}

function choice(text: string, finish: string | null): JsonObject {
  return { text, index: 0, logprobs: null, finish_reason: finish };
}

function finishReason(answer: Answer): string {
  return answer.finish === 'length' ? 'length' : 'stop';
}

function envelope(answer: Answer): JsonObject {
  return { id: `cmpl-${answer.sequence}`, object: 'text_completion', created: answer.createdS, model: answer.model };
}
