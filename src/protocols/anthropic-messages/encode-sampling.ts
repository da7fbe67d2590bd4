import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { EncodeContext } from './encode-context.ts';

/** Writes the sampling controls the model takes; a value out of range is left out and reported, never bent. */
export function encodeSampling(context: EncodeContext, thinking: boolean): JsonObject {
  const { temperature, topP, topK, stop } = context.call.sampling;
  dropUnknown(context);
  const takes = context.native || context.traits.sampling;
  const carried: Record<string, number> = {};
  const carry = (field: string, value: number | undefined, allowed: boolean): void => {
    if (value === undefined) return;
    if (takes && (allowed || context.native)) carried[wireNames[field] ?? field] = value;
    else context.dropField(`sampling.${field}`);
  };
  carry('temperature', temperature, temperature !== undefined && temperature <= 1 && (!thinking || temperature === 1));
  const alone = context.traits.temperatureWithTopP || carried['temperature'] === undefined;
  carry('topP', topP, alone && (!thinking || (topP ?? 0) >= 0.95));
  carry('topK', topK, !thinking);
  return { ...carried, ...encodeStop(context, stop ?? []) };
}

const wireNames: { readonly [field: string]: string } = { topP: 'top_p', topK: 'top_k' };

/** Stop sequences of nothing but whitespace are refused upstream. */
function encodeStop(context: EncodeContext, stop: readonly string[]): JsonObject {
  const kept = stop.filter((sequence) => context.native || sequence.trim() !== '');
  if (kept.length < stop.length) context.dropField('sampling.stop');
  return kept.length > 0 ? { stop_sequences: kept } : {};
}

/** A value that asks for the default is carried by saying nothing. */
function dropUnknown(context: EncodeContext): void {
  const { frequencyPenalty, presencePenalty, seed, logprobs, topLogprobs, logitBias, candidates } =
    context.call.sampling;
  if (frequencyPenalty) context.dropField('sampling.frequencyPenalty');
  if (presencePenalty) context.dropField('sampling.presencePenalty');
  if (seed !== undefined) context.dropField('sampling.seed');
  if (logprobs) context.dropField('sampling.logprobs');
  if (topLogprobs) context.dropField('sampling.topLogprobs');
  if (logitBias !== undefined && Object.keys(logitBias).length > 0) context.dropField('sampling.logitBias');
  if (candidates !== undefined && candidates > 1) {
    const pointer = context.call.pointers['sampling.candidates'] ?? '/n';
    context.refuse(pointer, 'the upstream gives one answer per request');
  }
}
