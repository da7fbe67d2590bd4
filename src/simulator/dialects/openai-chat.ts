import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, Frame } from '../answers/answer.ts';
import { plainFrame } from '../answers/answer.ts';
import type { Failure } from '../scripts/failure.ts';
import { asNumber, asObject } from '../json.ts';
import type { Script } from '../scripts/script.ts';
import { countTokens } from '../answers/text.ts';
import type { AnswerContext, SimulatedDialect } from './dialect.ts';
import { callDeltas, messageCalls } from './openai-chat-calls.ts';
import { readChatPrompt } from './openai-chat-read.ts';
import { openAiError } from './openai-errors.ts';
import { chatUsage } from './openai-usage.ts';

const knownFields = new Set(
  `model messages stream stream_options tools tool_choice parallel_tool_calls response_format temperature top_p n stop
  max_tokens max_completion_tokens presence_penalty frequency_penalty logit_bias logprobs top_logprobs user seed store
  metadata reasoning_effort modalities audio prediction service_tier web_search_options functions function_call
  prompt_cache_key prompt_cache_retention safety_identifier verbosity`.split(/\s+/),
);
const maxChoices = 8;

/** OpenAI Chat Completions, with the quirks of compatible hosts. */
export const openAiChat: SimulatedDialect = {
  id: 'openai-chat',
  knownFields,
  unknownField: (name) => `Unrecognized request argument supplied: ${name}`,
  readPrompt: readChatPrompt,
  completion,
  frames,
  errorBody: (failure: Failure) => openAiError(failure),
  errorFrames: (failure) => [plainFrame('end', JSON.stringify(openAiError(failure)))],
};

function completion(context: AnswerContext): JsonObject {
  const { answer, script } = context;
  const message: JsonObject = {
    role: 'assistant',
    content: visibleText(answer, script),
    refusal: answer.refusal.length > 0 ? answer.refusal.join('') : null,
    annotations: [],
    ...(answer.calls.length > 0 && { tool_calls: messageCalls(answer.calls, script) }),
    ...reasoningField(answer.reasoning.join(''), script),
  };
  const usage = chatUsage(answer.usage, script);
  return {
    ...envelope(answer, 'chat.completion'),
    choices: choiceIndexes(context).map((index) => ({
      index,
      message,
      logprobs: null,
      finish_reason: finishReason(answer, script),
    })),
    ...((usage !== null || script.usage === 'null') && { usage }),
    service_tier: 'default',
  };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer, script } = context;
  const list: Frame[] = [];
  for (const index of choiceIndexes(context)) {
    const emit = (kind: Frame['kind'], delta: JsonObject, tokens = 0): void => {
      const choices = [{ index, delta, logprobs: null, finish_reason: null }];
      list.push({ kind, data: chunk(context, { choices }), tokens });
    };
    emit('lifecycle', { role: 'assistant', content: '', refusal: null });
    const field = script.reasoningField ?? 'reasoning_content';
    for (const piece of answer.reasoning) {
      if (field === 'reasoning_content' || field === 'reasoning')
        emit('content', { [field]: piece }, countTokens(piece));
    }
    for (const piece of textPieces(answer, script)) emit('content', { content: piece }, countTokens(piece));
    for (const piece of answer.refusal) emit('content', { refusal: piece }, countTokens(piece));
    for (const call of callDeltas(answer.calls, script)) emit('content', { tool_calls: [call.delta] }, call.tokens);
    list.push(finishFrame(context, index));
  }
  const tail = tailFrame(context);
  if (tail !== undefined) list.push(tail);
  if (script.noDone !== true) list.push(plainFrame('end', '[DONE]'));
  return list;
}

function finishFrame(context: AnswerContext, index: number): Frame {
  const { answer, script } = context;
  const usage = chatUsage(answer.usage, script);
  const choice: JsonObject = {
    index,
    delta: {},
    logprobs: null,
    finish_reason: finishReason(answer, script),
    ...(script.usage === 'choice' && { usage }),
  };
  const isHere = script.usage === 'finish' || script.usage === 'hit-miss';
  return plainFrame(
    'finish',
    chunk(context, {
      choices: [choice],
      ...(isHere && { usage }),
      ...(script.usage === 'x_groq' && { x_groq: { id: `req_${answer.sequence}`, usage } }),
    }),
  );
}

/** The usage chunk, when the client asked for it or the host sends it anyway. */
function tailFrame(context: AnswerContext): Frame | undefined {
  const { answer, script } = context;
  const usage = chatUsage(answer.usage, script);
  const isElsewhere = ['finish', 'x_groq', 'hit-miss', 'choice', 'none', 'null'].includes(script.usage ?? '');
  if (isElsewhere || !(wantsUsage(context) || script.usage === 'always')) return undefined;
  return plainFrame('usage', chunk(context, { choices: [], usage }));
}

function chunk(context: AnswerContext, fields: JsonObject): string {
  const { answer, script } = context;
  const each = script.usage === 'each' ? { usage: chatUsage(answer.usage, script) } : {};
  const absent = wantsUsage(context) && script.usage !== 'none' ? { usage: null } : {};
  return JSON.stringify({
    ...envelope(answer, 'chat.completion.chunk'),
    service_tier: 'default',
    ...absent,
    ...each,
    ...fields,
  });
}

function wantsUsage(context: AnswerContext): boolean {
  return asObject(context.prompt.body['stream_options'])['include_usage'] === true;
}

function envelope(answer: Answer, object: string): JsonObject {
  return {
    id: `chatcmpl-${answer.sequence}`,
    object,
    created: answer.createdS,
    model: answer.model,
    system_fingerprint: 'fp_simulated',
  };
}

function choiceIndexes(context: AnswerContext): number[] {
  const count = Math.max(1, Math.min(maxChoices, asNumber(context.prompt.body['n']) ?? 1));
  return Array.from({ length: count }, (_, at) => at);
}

function finishReason(answer: Answer, script: Script): string {
  if (script.tools === 'finish-stop' && answer.finish === 'tools') return 'stop';
  const reasons = { stop: 'stop', length: 'length', tools: 'tool_calls', refusal: 'stop', filter: 'content_filter' };
  return reasons[answer.finish];
}

function textPieces(answer: Answer, script: Script): readonly string[] {
  if (script.reasoningField !== 'think-tags' || answer.reasoning.length === 0) return answer.text;
  return ['<think>', ...answer.reasoning, '</think>', ...answer.text];
}

function visibleText(answer: Answer, script: Script): Json {
  const text = textPieces(answer, script).join('');
  return text === '' && (answer.calls.length > 0 || answer.refusal.length > 0) ? null : text;
}

function reasoningField(text: string, script: Script): JsonObject {
  const field = script.reasoningField ?? 'reasoning_content';
  if (text === '' || field === 'none' || field === 'think-tags') return {};
  return { [field]: text };
}
