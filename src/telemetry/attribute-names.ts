/**
 * Names of the OpenTelemetry conventions for generative AI, which are still in development and move between releases:
 * they are written down here and nowhere else.
 */
export const genAi = {
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  conversationId: 'gen_ai.conversation.id',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  responseModel: 'gen_ai.response.model',
  responseFinishReasons: 'gen_ai.response.finish_reasons',
  /** In seconds. */
  responseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  /** All input, cached tokens included. */
  usageInputTokens: 'gen_ai.usage.input_tokens',
  usageCacheReadInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  usageCacheWriteInputTokens: 'gen_ai.usage.cache_write.input_tokens',
  /** All output, reasoning included. */
  usageOutputTokens: 'gen_ai.usage.output_tokens',
  usageReasoningOutputTokens: 'gen_ai.usage.reasoning.output_tokens',
} as const;

/** Stable names of the general conventions. */
export const general = {
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  errorType: 'error.type',
  httpStatusCode: 'http.response.status_code',
} as const;

/** What no convention has a name for. */
export const own = {
  requestId: 'switchyard.request.id',
  key: 'switchyard.key',
  customer: 'switchyard.customer',
  job: 'switchyard.job',
  status: 'switchyard.status',
  cache: 'switchyard.cache',
  attempts: 'switchyard.attempts',
  attempt: 'switchyard.attempt',
  flags: 'switchyard.attempt.flags',
  host: 'switchyard.host',
  dialect: 'switchyard.dialect',
  /** Decimal text: amounts are integers beyond what a double holds. */
  costNanos: 'switchyard.cost_nanos',
  upstreamRequestId: 'switchyard.upstream.request_id',
} as const;

const operationNames: { readonly [operation: string]: string } = {
  generate: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
};

/** The conventions' word for an operation; ours where they have none. */
export function operationName(operation: string): string {
  return operationNames[operation] ?? operation;
}
