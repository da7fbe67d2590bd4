import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, AnswerCall, Frame } from '../answers/answer.ts';
import { plainFrame } from '../answers/answer.ts';
import type { Failure, FailureKind } from '../scripts/failure.ts';
import { literalJson } from '../json.ts';
import type { Script } from '../scripts/script.ts';
import { countTokens, splitText } from '../answers/text.ts';
import { readMessagesPrompt } from './anthropic-read.ts';
import type { AnswerContext, SimulatedDialect } from './dialect.ts';

const knownFields = new Set(
  `model messages max_tokens system stream tools tool_choice temperature top_p top_k stop_sequences metadata thinking
  service_tier container context_management mcp_servers output_config output_format inference_geo cache_control betas
  speed anthropic_version`.split(/\s+/),
);
const errorTypes: { readonly [kind in FailureKind]: string } = {
  invalid: 'invalid_request_error',
  auth: 'authentication_error',
  billing: 'billing_error',
  forbidden: 'permission_error',
  model: 'not_found_error',
  timeout: 'timeout_error',
  'too-large': 'request_too_large',
  rate: 'rate_limit_error',
  quota: 'rate_limit_error',
  context: 'invalid_request_error',
  filter: 'invalid_request_error',
  server: 'api_error',
  overloaded: 'overloaded_error',
};
const argumentPieces = 4;

/** Anthropic Messages. */
export const anthropicMessages: SimulatedDialect = {
  id: 'anthropic-messages',
  knownFields,
  unknownField: (name) => `${name}: Extra inputs are not permitted`,
  readPrompt: readMessagesPrompt,
  completion: ({ answer, script }) => ({
    ...messageHead(answer),
    content: contentBlocks(answer, script),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    ...(script.usage !== 'none' && { usage: usageOf(answer, script) }),
  }),
  frames,
  errorBody,
  errorFrames: (failure) => [plainFrame('end', JSON.stringify(errorBody(failure)), 'error')],
};

function errorBody(failure: Failure): JsonObject {
  const message = failure.kind === 'context' ? 'prompt is too long: 210000 tokens > 200000 maximum' : failure.message;
  return { type: 'error', error: { type: errorTypes[failure.kind], message }, request_id: 'req_simulated' };
}

function frames(context: AnswerContext): readonly Frame[] {
  const { answer, script } = context;
  const list: Frame[] = [];
  const emit = (kind: Frame['kind'], fields: JsonObject & { readonly type: string }, tokens = 0): void => {
    list.push({ kind, event: fields.type, data: JSON.stringify(fields), tokens });
  };
  const start = startEvent(answer, script, '');
  emit('lifecycle', start);
  if (script.start === 'duplicate') emit('lifecycle', start);
  emit('lifecycle', { type: 'ping' });
  const blocks = blockEvents(answer, script);
  const half = Math.ceil(blocks.length / 2);
  const spliced = script.start === 'spliced';
  for (const event of spliced ? blocks.slice(0, half) : blocks) emit(event.kind, event.fields, event.tokens);
  if (spliced) {
    // The host restarted behind its own proxy: a second message begins where the first was.
    emit('lifecycle', startEvent(answer, script, '_again'));
    for (const event of blocks) emit(event.kind, event.fields, event.tokens);
  }
  emit('finish', {
    type: 'message_delta',
    delta: { stop_reason: stopReason(answer), stop_sequence: null },
    ...(script.usage !== 'none' && { usage: deltaUsage(answer, script) }),
  });
  emit('end', { type: 'message_stop' });
  return list;
}

interface BlockEvent {
  readonly kind: Frame['kind'];
  readonly fields: JsonObject & { readonly type: string };
  readonly tokens: number;
}

function blockEvents(answer: Answer, script: Script): BlockEvent[] {
  const events: BlockEvent[] = [];
  let index = 0;
  const block = (opened: JsonObject, deltas: readonly BlockDelta[], opensWith: Frame['kind'] = 'lifecycle'): void => {
    const at = index++;
    events.push({
      kind: opensWith,
      fields: { type: 'content_block_start', index: at, content_block: opened },
      tokens: 0,
    });
    for (const { delta, tokens } of deltas) {
      events.push({ kind: 'content', fields: { type: 'content_block_delta', index: at, delta }, tokens });
    }
    events.push({ kind: 'lifecycle', fields: { type: 'content_block_stop', index: at }, tokens: 0 });
  };
  if (answer.reasoning.length > 0) {
    if (script.thinking === 'redacted') block(redactedBlock(answer), [], 'content');
    else block({ type: 'thinking', thinking: '', signature: '' }, thinkingDeltas(answer, script));
  }
  const spoken = [...answer.text, ...answer.refusal];
  if (spoken.length > 0) block({ type: 'text', text: '' }, spoken.map(textDelta));
  for (const call of answer.calls)
    block({ type: 'tool_use', id: call.id, name: call.name, input: {} }, callDeltas(call), 'content');
  return events;
}

interface BlockDelta {
  readonly delta: JsonObject;
  readonly tokens: number;
}

function textDelta(text: string): BlockDelta {
  return { delta: { type: 'text_delta', text }, tokens: countTokens(text) };
}

function thinkingDeltas(answer: Answer, script: Script): BlockDelta[] {
  const signature = { delta: { type: 'signature_delta', signature: answer.signature }, tokens: 0 };
  if (script.thinking === 'signature-only') return [signature];
  const shown = answer.reasoning.map((thinking) => ({
    delta: { type: 'thinking_delta', thinking },
    tokens: countTokens(thinking),
  }));
  return script.thinking === 'unsigned' ? shown : [...shown, signature];
}

function callDeltas(call: AnswerCall): BlockDelta[] {
  return splitText(call.argumentsText, argumentPieces).map((piece) => ({
    delta: { type: 'input_json_delta', partial_json: piece },
    tokens: countTokens(piece),
  }));
}

function contentBlocks(answer: Answer, script: Script): Json[] {
  const spoken = [...answer.text, ...answer.refusal].join('');
  return [
    ...(answer.reasoning.length > 0 ? [thinkingBlock(answer, script)] : []),
    ...(spoken === '' ? [] : [{ type: 'text', text: spoken }]),
    ...answer.calls.map((call) => ({
      type: 'tool_use',
      id: call.id,
      name: call.name,
      input: literalJson(call.argumentsText),
    })),
  ];
}

function thinkingBlock(answer: Answer, script: Script): JsonObject {
  if (script.thinking === 'redacted') return redactedBlock(answer);
  const thinking = script.thinking === 'signature-only' ? '' : answer.reasoning.join('');
  return { type: 'thinking', thinking, ...(script.thinking !== 'unsigned' && { signature: answer.signature }) };
}

function redactedBlock(answer: Answer): JsonObject {
  return { type: 'redacted_thinking', data: answer.signature };
}

function startEvent(answer: Answer, script: Script, suffix: string): JsonObject & { type: string } {
  const usage = { ...usageOf(answer, script), output_tokens: 1 };
  const head = { ...messageHead(answer), id: `msg_${answer.sequence}${suffix}` };
  return { type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } };
}

function messageHead(answer: Answer): JsonObject {
  return { id: `msg_${answer.sequence}`, type: 'message', role: 'assistant', model: answer.model };
}

function usageOf(answer: Answer, script: Script): JsonObject {
  const { usage } = answer;
  const isHour = usage.cacheWriteTtl === '1h';
  const input = usage.input - usage.cacheRead - usage.cacheWrite;
  return {
    input_tokens: script.usage === 'zero' ? 0 : Math.max(0, script.usage === 'corrected' ? input - 18 : input),
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: isHour ? 0 : usage.cacheWrite,
      ephemeral_1h_input_tokens: isHour ? usage.cacheWrite : 0,
    },
    output_tokens: script.usage === 'zero' ? 0 : usage.output,
    service_tier: 'standard',
  };
}

/** Cumulative; some servers repeat the input here, and a corrected one replaces that of the start. */
function deltaUsage(answer: Answer, script: Script): JsonObject {
  const { usage } = answer;
  return {
    input_tokens: script.usage === 'zero' ? 0 : usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: script.usage === 'zero' ? 0 : usage.output,
  };
}

function stopReason(answer: Answer): string {
  const reasons = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use', refusal: 'refusal', filter: 'refusal' };
  return reasons[answer.finish];
}
