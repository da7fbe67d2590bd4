import type { FaultCode } from '../../domain/faults/fault-codes.ts';

/** Codes that clients of OpenAI's dialects know and branch on, where they have a word for what a fault of ours means. */
export const openAICodes: { readonly [Code in FaultCode]?: string } = {
  key_invalid: 'invalid_api_key',
  model_unknown: 'model_not_found',
  context_too_long: 'context_length_exceeded',
  rate_limited: 'rate_limit_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
  response_unknown: 'previous_response_not_found',
};
