import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { totalInput, totalOutput, type Usage } from '../../domain/rating/usage.ts';
import type { AnswerContext } from '../contract.ts';
import { isObject } from '../shared/field-reader.ts';

/** What varies between the snapshots of one response; everything else echoes the request. */
export interface ResponseState {
  readonly id: string;
  readonly model: string;
  readonly createdAtS: number;
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly incompleteReason?: string;
  readonly error?: JsonObject;
  readonly output: readonly JsonObject[];
  readonly usage?: Usage;
}

/** Defaults of the request's fields, as a response states them for a client that said nothing. */
const echoed: { readonly [field: string]: Json } = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  prompt_cache_retention: null,
  safety_identifier: null,
  store: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: null,
  truncation: 'disabled',
  user: null,
  metadata: {},
};

/** Builds a complete `response` object: its state, and the request's fields that official clients expect to see. */
export function buildResponse(state: ResponseState, context: AnswerContext): JsonObject {
  const { request } = context;
  const reason = state.incompleteReason;
  const fields = Object.fromEntries(Object.entries(echoed).map(([key, preset]) => [key, request[key] ?? preset]));
  return {
    id: state.id,
    object: 'response',
    created_at: state.createdAtS,
    status: state.status,
    background: false,
    error: state.error ?? null,
    incomplete_details: reason === undefined ? null : { reason },
    model: state.model,
    output: state.output,
    ...fields,
    reasoning: { effort: null, summary: null, ...objectOr(request['reasoning']) },
    service_tier: state.usage?.servedTier ?? request['service_tier'] ?? 'auto',
    text: { format: { type: 'text' }, ...objectOr(request['text']) },
    ...(request['prompt'] !== undefined && { prompt: request['prompt'] }),
    ...echoConversation(request['conversation']),
    usage: state.usage === undefined ? null : writeUsage(state.usage),
  };
}

/** Adds the disjoint buckets up to the nested figures of Responses. */
export function writeUsage({ buckets }: Usage): JsonObject {
  const input = totalInput(buckets);
  const output = totalOutput(buckets);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: buckets.cacheRead ?? 0,
      cache_write_tokens: (buckets.cacheWrite5m ?? 0) + (buckets.cacheWrite1h ?? 0),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: buckets.reasoning ?? 0 },
    total_tokens: input + output,
  };
}

/** An id for the answer: the upstream's if it is one of this dialect, else our own, so that none can collide. */
export function responseIdOf(upstreamId: string | undefined, context: AnswerContext): string {
  return upstreamId?.startsWith('resp_') === true ? upstreamId : context.newId('resp');
}

function echoConversation(conversation: Json | undefined): JsonObject {
  if (typeof conversation === 'string') return { conversation: { id: conversation } };
  return isObject(conversation) ? { conversation } : {};
}

function objectOr(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
