import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, Frame } from '../answers/answer.ts';
import type { Failure } from '../scripts/failure.ts';
import { countTokens, splitText } from '../answers/text.ts';
import type { AnswerContext, SimulatedDialect } from './dialect.ts';
import { openAiError, openAiErrorType } from './openai-errors.ts';
import {
  callItem,
  hasMessage,
  messageItem,
  messageParts,
  outputItems,
  reasoningItem,
  textPart,
} from './openai-responses-items.ts';
import { readResponsesPrompt } from './openai-responses-read.ts';
import { responsesUsage } from './openai-usage.ts';

const knownFields = new Set(
  `model input instructions stream stream_options tools tool_choice parallel_tool_calls text temperature top_p
  max_output_tokens max_tool_calls previous_response_id conversation store include metadata reasoning truncation user
  background prompt service_tier top_logprobs prompt_cache_key prompt_cache_retention safety_identifier
  context_management`.split(/\s+/),
);
const argumentPieces = 4;

/** OpenAI Responses. */
export const openAiResponses: SimulatedDialect = {
  id: 'openai-responses',
  knownFields,
  unknownField: (name) => `Unknown parameter: '${name}'.`,
  readPrompt: readResponsesPrompt,
  completion: finalResponse,
  frames,
  errorBody: (failure: Failure) => openAiError(failure),
  errorFrames,
};

/** Numbers the events as they are made: the dialect promises a gapless sequence. */
interface EventList {
  readonly frames: Frame[];
  emit(kind: Frame['kind'], type: string, fields: JsonObject, tokens?: number): void;
}

function createEventList(): EventList {
  const list: Frame[] = [];
  return {
    frames: list,
    // oxlint-disable-next-line eslint/max-params -- an event is these four things, and an object per event would hide them
    emit(kind, type, fields, tokens = 0) {
      const data = JSON.stringify({ type, ...fields, sequence_number: list.length });
      list.push({ kind, event: type, data, tokens });
    },
  };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer } = context;
  const events = createEventList();
  const running = responseObject(context, { status: 'in_progress', output: [], usage: null });
  events.emit('lifecycle', 'response.created', { response: running });
  events.emit('lifecycle', 'response.in_progress', { response: running });
  let outputIndex = 0;
  if (answer.reasoning.length > 0) emitReasoning(events, context, outputIndex++);
  if (hasMessage(answer) && context.script.empty !== true) emitMessage(events, answer, outputIndex++);
  for (const at of answer.calls.keys()) emitCall(events, context, { at, outputIndex: outputIndex++ });
  const type = isIncomplete(answer) ? 'response.incomplete' : 'response.completed';
  events.emit('finish', type, { response: finalResponse(context) });
  return events.frames;
}

function emitReasoning(events: EventList, context: AnswerContext, outputIndex: number): void {
  const { answer } = context;
  const text = answer.reasoning.join('');
  const where = { item_id: `rs_${answer.sequence}`, output_index: outputIndex, summary_index: 0 };
  const part = (value: string): JsonObject => ({ type: 'summary_text', text: value });
  events.emit('lifecycle', 'response.output_item.added', {
    output_index: outputIndex,
    item: reasoningItem(context, ''),
  });
  events.emit('lifecycle', 'response.reasoning_summary_part.added', { ...where, part: part('') });
  for (const piece of answer.reasoning) {
    events.emit('content', 'response.reasoning_summary_text.delta', { ...where, delta: piece }, countTokens(piece));
  }
  events.emit('lifecycle', 'response.reasoning_summary_text.done', { ...where, text });
  events.emit('lifecycle', 'response.reasoning_summary_part.done', { ...where, part: part(text) });
  events.emit('lifecycle', 'response.output_item.done', {
    output_index: outputIndex,
    item: reasoningItem(context, text),
  });
}

function emitMessage(events: EventList, answer: Answer, outputIndex: number): void {
  const place = { output_index: outputIndex };
  events.emit('lifecycle', 'response.output_item.added', { ...place, item: messageItem(answer, [], 'in_progress') });
  let contentIndex = 0;
  if (answer.text.length > 0) {
    const where = { item_id: `msg_${answer.sequence}`, ...place, content_index: contentIndex++ };
    const text = answer.text.join('');
    events.emit('lifecycle', 'response.content_part.added', { ...where, part: textPart('') });
    for (const piece of answer.text) {
      events.emit(
        'content',
        'response.output_text.delta',
        { ...where, delta: piece, logprobs: [] },
        countTokens(piece),
      );
    }
    events.emit('lifecycle', 'response.output_text.done', { ...where, text, logprobs: [] });
    events.emit('lifecycle', 'response.content_part.done', { ...where, part: textPart(text) });
  }
  if (answer.refusal.length > 0) {
    const where = { item_id: `msg_${answer.sequence}`, ...place, content_index: contentIndex++ };
    const refusal = answer.refusal.join('');
    events.emit('lifecycle', 'response.content_part.added', { ...where, part: { type: 'refusal', refusal: '' } });
    for (const piece of answer.refusal) {
      events.emit('content', 'response.refusal.delta', { ...where, delta: piece }, countTokens(piece));
    }
    events.emit('lifecycle', 'response.refusal.done', { ...where, refusal });
    events.emit('lifecycle', 'response.content_part.done', { ...where, part: { type: 'refusal', refusal } });
  }
  events.emit('lifecycle', 'response.output_item.done', { ...place, item: messageItem(answer, messageParts(answer)) });
}

function emitCall(events: EventList, context: AnswerContext, place: { at: number; outputIndex: number }): void {
  const { answer, script } = context;
  const call = answer.calls[place.at];
  if (call === undefined) return;
  const item = callItem({ answer, call, at: place.at, argumentsText: '', status: 'in_progress' });
  const itemId = `fc_${answer.sequence}_${place.at}`;
  events.emit(
    'content',
    'response.output_item.added',
    { output_index: place.outputIndex, item },
    countTokens(call.name),
  );
  for (const [at, piece] of splitText(call.argumentsText, argumentPieces).entries()) {
    // Some hosts give each event a new item id; only the output index stays the same.
    const item_id = script.tools === 'rotate-ids' ? `${itemId}_${at}` : itemId;
    const fields = { item_id, output_index: place.outputIndex, delta: piece };
    events.emit('content', 'response.function_call_arguments.delta', fields, countTokens(piece));
  }
  const done = { item_id: itemId, output_index: place.outputIndex, arguments: call.argumentsText };
  events.emit('lifecycle', 'response.function_call_arguments.done', done);
  const finished = callItem({ answer, call, at: place.at, argumentsText: call.argumentsText });
  events.emit('lifecycle', 'response.output_item.done', { output_index: place.outputIndex, item: finished });
}

function errorFrames(failure: Failure, context: AnswerContext, sent: number): readonly Frame[] {
  const { code, param, type } = openAiErrorType(failure);
  const error = { type: 'error', code: code ?? type, message: failure.message, param, sequence_number: sent };
  const failed = responseObject(context, {
    status: 'failed',
    output: [],
    usage: null,
    error: { code: code ?? 'server_error', message: failure.message },
  });
  const last = { type: 'response.failed', response: failed, sequence_number: sent + 1 };
  return [
    { kind: 'lifecycle', event: 'error', data: JSON.stringify(error), tokens: 0 },
    { kind: 'end', event: 'response.failed', data: JSON.stringify(last), tokens: 0 },
  ];
}

function isIncomplete(answer: Answer): boolean {
  return answer.finish === 'length' || answer.finish === 'filter';
}

function finalResponse(context: AnswerContext): JsonObject {
  const { answer, script } = context;
  const reason = answer.finish === 'filter' ? 'content_filter' : 'max_output_tokens';
  return responseObject(context, {
    status: isIncomplete(answer) ? 'incomplete' : 'completed',
    output: script.empty === true ? [] : outputItems(context),
    usage: responsesUsage(answer.usage, script),
    ...(isIncomplete(answer) && { incomplete_details: { reason } }),
  });
}

function responseObject(context: AnswerContext, fields: JsonObject): JsonObject {
  const { answer, prompt } = context;
  const { body } = prompt;
  const echoed = (name: string, otherwise: Json): Json => body[name] ?? otherwise;
  return {
    id: `resp_${answer.sequence}`,
    object: 'response',
    created_at: answer.createdS,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: echoed('instructions', null),
    max_output_tokens: echoed('max_output_tokens', null),
    model: answer.model,
    parallel_tool_calls: echoed('parallel_tool_calls', true),
    previous_response_id: echoed('previous_response_id', null),
    reasoning: echoed('reasoning', { effort: null, summary: null }),
    service_tier: 'default',
    store: echoed('store', true),
    temperature: echoed('temperature', 1),
    text: echoed('text', { format: { type: 'text' } }),
    tool_choice: echoed('tool_choice', 'auto'),
    tools: echoed('tools', []),
    top_p: echoed('top_p', 1),
    truncation: echoed('truncation', 'disabled'),
    user: echoed('user', null),
    metadata: echoed('metadata', {}),
    ...fields,
  };
}
