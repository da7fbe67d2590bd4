import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerCall } from '../answers/answer.ts';
import { signatureOf } from '../answers/signature.ts';
import type { Script } from '../scripts/script.ts';
import { countTokens, splitText } from '../answers/text.ts';

/** One `tool_calls` delta and the tokens it delivers. */
export interface CallDelta {
  readonly delta: JsonObject;
  readonly tokens: number;
}

const argumentPieces = 4;

/** Tool calls of a message that is not streamed. */
export function messageCalls(calls: readonly AnswerCall[], script: Script): Json[] {
  return wrapCalls(calls, script).map((call) => ({
    ...(script.tools !== 'no-id' && { id: call.id }),
    type: 'function',
    function: { name: call.name, ...(script.tools !== 'no-args' && { arguments: call.argumentsText }) },
    ...googleExtra(call, script),
  }));
}

/** The deltas of all calls, with the quirk of the script. */
export function callDeltas(calls: readonly AnswerCall[], script: Script): CallDelta[] {
  const lists = wrapCalls(calls, script).map((call, at) => deltasOf(call, at, script));
  if (script.tools !== 'interleaved') return lists.flat();
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}

function deltasOf(call: AnswerCall, at: number, script: Script): CallDelta[] {
  const index = indexOf(at, script);
  const id: JsonObject = script.tools === 'no-id' ? {} : { id: call.id };
  const tokens = countTokens(call.name);
  const head = { ...index, ...id, type: 'function' };
  const extra = googleExtra(call, script);
  if (script.tools === 'no-args') return [{ delta: { ...head, function: { name: call.name } }, tokens }];
  if (script.tools === 'whole') {
    const whole = { name: call.name, arguments: call.argumentsText };
    return [{ delta: { ...head, function: whole }, tokens: tokens + countTokens(call.argumentsText) }];
  }
  const first = { delta: { ...head, function: { name: call.name, arguments: '' }, ...extra }, tokens };
  const rest = splitText(call.argumentsText, argumentPieces).map((piece) => ({
    delta: { ...index, ...continuationHead(call, script), function: { ...continuationName(script), arguments: piece } },
    tokens: countTokens(piece),
  }));
  return [first, ...rest];
}

function indexOf(at: number, script: Script): JsonObject {
  if (script.tools === 'no-index') return {};
  return { index: script.tools === 'zero-index' ? 0 : at };
}

function continuationHead(call: AnswerCall, script: Script): JsonObject {
  // A host that gives no index has nothing but the id to tell calls apart.
  return ['repeat-id', 'no-index', 'zero-index'].includes(script.tools ?? '') ? { id: call.id, type: 'function' } : {};
}

function continuationName(script: Script): JsonObject {
  return script.tools === 'empty-name' ? { name: '' } : {};
}

function googleExtra(call: AnswerCall, script: Script): JsonObject {
  if (script.tools !== 'google-signature') return {};
  return { extra_content: { google: { thought_signature: signatureOf('google', call.name) } } };
}

/** Parallel calls hidden in one call of a wrapper tool, as some models write them. */
function wrapCalls(calls: readonly AnswerCall[], script: Script): readonly AnswerCall[] {
  const [first] = calls;
  if (script.tools !== 'wrapped' || first === undefined) return calls;
  const uses = calls.map((call) => `{"recipient_name":"functions.${call.name}","parameters":${call.argumentsText}}`);
  return [{ id: first.id, name: 'multi_tool_use.parallel', argumentsText: `{"tool_uses":[${uses.join(',')}]}` }];
}
