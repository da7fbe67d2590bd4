import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerUsage } from '../answers/answer.ts';
import type { Script } from '../scripts/script.ts';

/** Chat usage as the script wants it; null where the host would report none. */
export function chatUsage(usage: AnswerUsage, script: Script): JsonObject | null {
  if (script.usage === 'none' || script.usage === 'null') return null;
  if (script.usage === 'zero') return { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const isApart = script.usage === 'reasoning-outside';
  const completion = isApart ? usage.output - usage.reasoning : usage.output;
  const cached = script.usage === 'wrong' ? usage.input + 100 : usage.cacheRead;
  return {
    prompt_tokens: usage.input,
    completion_tokens: completion,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...(script.usage === 'hit-miss' && {
      prompt_cache_hit_tokens: usage.cacheRead,
      prompt_cache_miss_tokens: usage.input - usage.cacheRead,
    }),
  };
}

/** Usage of the Responses dialect. */
export function responsesUsage(usage: AnswerUsage, script: Script): JsonObject | null {
  if (script.usage === 'none' || script.usage === 'null') return null;
  const isZero = script.usage === 'zero';
  return {
    input_tokens: isZero ? 0 : usage.input,
    input_tokens_details: { cached_tokens: script.usage === 'wrong' ? usage.input + 100 : usage.cacheRead },
    output_tokens: isZero ? 0 : usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: isZero ? 0 : usage.input + usage.output,
  };
}
