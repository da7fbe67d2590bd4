import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, AnswerCall } from '../answers/answer.ts';
import { asList } from '../json.ts';
import type { AnswerContext } from './dialect.ts';

/** The output items of a complete answer, in order. */
export function outputItems(context: AnswerContext): JsonObject[] {
  const { answer } = context;
  return [
    ...(answer.reasoning.length > 0 ? [reasoningItem(context, answer.reasoning.join(''))] : []),
    ...(hasMessage(answer) ? [messageItem(answer, messageParts(answer))] : []),
    ...answer.calls.map((call, at) => callItem({ answer, call, at, argumentsText: call.argumentsText })),
  ];
}

/** Whether the answer holds a message item. */
export function hasMessage(answer: Answer): boolean {
  return answer.text.length > 0 || answer.refusal.length > 0 || answer.calls.length === 0;
}

/** Content parts of the message: text, refusal or both. */
export function messageParts(answer: Answer): JsonObject[] {
  return [
    ...(answer.text.length > 0 ? [textPart(answer.text.join(''))] : []),
    ...(answer.refusal.length > 0 ? [{ type: 'refusal', refusal: answer.refusal.join('') }] : []),
  ];
}

/** One output text part. */
export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** The message item with the given parts. */
export function messageItem(answer: Answer, content: JsonObject[], status = 'completed'): JsonObject {
  return { id: `msg_${answer.sequence}`, type: 'message', status, content, role: 'assistant' };
}

/** The reasoning item; encrypted only for clients that asked. */
export function reasoningItem(context: AnswerContext, text: string): JsonObject {
  const { answer, prompt } = context;
  const isEncrypted = asList(prompt.body['include']).includes('reasoning.encrypted_content');
  return {
    id: `rs_${answer.sequence}`,
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    ...(isEncrypted && { encrypted_content: answer.signature }),
  };
}

/** A function call item. */
export function callItem(source: {
  readonly answer: Answer;
  readonly call: AnswerCall;
  readonly at: number;
  readonly argumentsText: string;
  readonly status?: string;
}): JsonObject {
  return {
    id: `fc_${source.answer.sequence}_${source.at}`,
    type: 'function_call',
    status: source.status ?? 'completed',
    arguments: source.argumentsText,
    call_id: source.call.id,
    name: source.call.name,
  };
}
