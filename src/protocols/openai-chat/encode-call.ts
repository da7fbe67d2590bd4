import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeTools } from './encode-tools.ts';
import { LossReport } from './loss-report.ts';
import { dialect } from './dialect-name.ts';
import { compact } from './values.ts';

/** Effort words that only other dialects have. */
const effortWords: { readonly [word: string]: string } = { max: 'xhigh' };

/**
 * Writes a request of any dialect as a chat completion. The usage tail is always asked for when streaming: metering
 * needs it, and clients that did not ask never see it.
 */
export function encodeCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault {
  const report = new LossReport(call);
  const prefill = call.messages.at(-1)?.role === 'assistant' && !options.assistantPrefill && call.dialect !== dialect;
  if (prefill) return unsupported('A prefilled assistant message cannot be continued by this endpoint.', '/messages');
  const messages = encodeMessages(call, report);
  if (Fault.is(messages)) return messages;
  const tools = encodeTools(call, options, report);
  if (Fault.is(tools)) return tools;
  const output = encodeOutput(call, report);
  if (Fault.is(output)) return output;
  const body: { [key: string]: Json } = {
    ...compact({
      model: options.upstreamModel,
      messages,
      ...encodeSampling(call, report),
      ...output,
      ...encodeIdentity(call, report),
      ...tools.fields,
      stream: call.stream || undefined,
      stream_options: call.stream ? { include_usage: true } : undefined,
    }),
  };
  restoreRest(call, body, report);
  return { body, dropped: report.dropped, added: tools.added, emulatesSchema: tools.emulatesSchema };
}

function unsupported(message: string, param: string | undefined): Fault {
  return new Fault('unsupported_feature', { message, param });
}

function encodeSampling(call: ModelCall, report: LossReport): JsonObject {
  const { sampling } = call;
  // Hosts differ on this one; it only shapes the dice, so it may be lost.
  if (call.dialect !== dialect) report.drop('sampling.topK');
  return compact({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: call.dialect === dialect ? sampling.topK : undefined,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    stop: sampling.stop,
    n: sampling.candidates,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
    logit_bias: sampling.logitBias,
  });
}

function encodeOutput(call: ModelCall, report: LossReport): JsonObject | Fault {
  const modalities = call.modalities?.map((word) => word.toLowerCase());
  if (call.dialect !== dialect && modalities?.includes('audio')) {
    return unsupported('Spoken answers cannot be asked for in this dialect.', call.pointers['modalities']);
  }
  const onlyText = modalities?.every((word) => word === 'text') ?? true;
  const older = call.pointers['maxOutputTokens'] === '/max_tokens' && call.dialect === dialect;
  return compact({
    [older ? 'max_tokens' : 'max_completion_tokens']: call.maxOutputTokens,
    modalities: onlyText && call.dialect !== dialect ? undefined : modalities,
    verbosity: call.verbosity,
    reasoning_effort: encodeEffort(call, report),
  });
}

/** This dialect asks for reasoning by effort; a budget of tokens becomes the nearest word. */
function encodeEffort(call: ModelCall, report: LossReport): string | undefined {
  const { reasoning } = call;
  if (!reasoning) return undefined;
  if (reasoning.summary !== undefined) report.drop('reasoning.summary');
  if (reasoning.effort !== undefined) return ownValue(effortWords, reasoning.effort) ?? reasoning.effort;
  const { budgetTokens } = reasoning;
  if (reasoning.enabled === false || budgetTokens === undefined) {
    report.drop('reasoning');
    return undefined;
  }
  if (budgetTokens <= 0) return budgetTokens === 0 ? 'none' : undefined;
  if (budgetTokens <= 4096) return 'low';
  return budgetTokens <= 16_384 ? 'medium' : 'high';
}

function encodeIdentity(call: ModelCall, report: LossReport): JsonObject {
  const kin = call.dialect === dialect || call.dialect === 'openai-responses';
  // Labels and tiers of other dialects mean nothing here, or are refused.
  if (!kin) report.drop('metadata', 'serviceTier');
  const newer = call.pointers['endUser'] === '/safety_identifier';
  return compact({
    [newer ? 'safety_identifier' : 'user']: call.endUser,
    metadata: kin ? call.metadata : undefined,
    service_tier: kin ? call.serviceTier : undefined,
    prompt_cache_key: call.promptCacheKey,
  });
}

/** Fields without a word in the common vocabulary return to their place if they came from this dialect. */
function restoreRest(call: ModelCall, body: { [key: string]: Json }, report: LossReport): void {
  for (const [pointer, value] of Object.entries(call.rest)) {
    if (call.dialect !== dialect || !restore(body, pointer, value)) report.dropPointer(pointer);
  }
}

function restore(body: { [key: string]: Json }, pointer: string, value: Json): boolean {
  const path = pointer.slice(1).split('/');
  const key = path.pop()?.replaceAll('~1', '/').replaceAll('~0', '~');
  let holder: unknown = body;
  for (const step of path) holder = (holder as { readonly [key: string]: unknown } | undefined)?.[step];
  if (key === undefined || typeof holder !== 'object' || holder === null || key in holder) return false;
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  return true;
}
