import type { ModelCall } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';

/** Our field names of chat fields that a host may refuse, to name the loss in the client's own dialect. */
const fieldsOfChat: { readonly [pointer: string]: readonly string[] } = {
  '/reasoning_effort': ['reasoning.effort', 'reasoning.budgetTokens', 'reasoning.enabled', 'reasoning'],
  '/parallel_tool_calls': ['parallelToolCalls'],
  '/tool_choice': ['toolChoice'],
  '/tools': ['tools'],
  '/response_format': ['responseFormat'],
  '/n': ['sampling.candidates'],
  '/temperature': ['sampling.temperature'],
  '/top_p': ['sampling.topP'],
  '/frequency_penalty': ['sampling.frequencyPenalty'],
  '/presence_penalty': ['sampling.presencePenalty'],
  '/seed': ['sampling.seed'],
  '/stop': ['sampling.stop'],
  '/logprobs': ['sampling.logprobs'],
  '/top_logprobs': ['sampling.topLogprobs'],
  '/logit_bias': ['sampling.logitBias'],
  '/modalities': ['modalities'],
  '/user': ['endUser'],
  '/safety_identifier': ['endUser'],
  '/metadata': ['metadata'],
  '/service_tier': ['serviceTier'],
  '/prompt_cache_key': ['promptCacheKey'],
  '/verbosity': ['verbosity'],
};

/** Where the client wrote what a translated chat body calls by this pointer; undefined when we added it ourselves. */
export function clientPointer(pointer: string, call: ModelCall): string | undefined {
  const field = ownValue(fieldsOfChat, pointer)?.find((name) => call.pointers[name] !== undefined);
  if (field !== undefined) return call.pointers[field];
  return call.rest[pointer] === undefined ? undefined : pointer;
}
