import type { AttemptFact, FinalFact, OpenFact } from '../domain/facts/facts.ts';
import { totalInput, totalOutput, type UsageBuckets } from '../domain/rating/usage.ts';
import { genAi, general, operationName, own } from './attribute-names.ts';
import type { Attributes, Span } from './span.ts';
import { spanIdOf, type TraceContext } from './trace-context.ts';

/** One settled exchange, as its facts tell it. */
export interface SettledExchange {
  readonly open: OpenFact;
  readonly attempts: readonly AttemptFact[];
  readonly final: FinalFact;
  /** The client's `traceparent` header, as it came. */
  readonly traceparent?: string | undefined;
  /** The conversation, if the client named it. */
  readonly conversation?: string | undefined;
}

/** What the conventions call the provider that runs on a host. */
type ProviderNameOf = (hostId: string) => string | undefined;

/**
 * One span for the exchange and a child for each attempt. Usage stands on the attempts alone, so that a backend which
 * sums over spans counts no token twice.
 */
export function toSpans(settled: SettledExchange, context: TraceContext, providerNameOf: ProviderNameOf): Span[] {
  const { open, final, attempts } = settled;
  const parentSpanId = spanIdOf(open.requestId);
  const exchange: Span = {
    traceId: context.traceId,
    spanId: parentSpanId,
    parentSpanId: context.parentSpanId,
    name: `${operationName(open.operation)} ${open.model}`,
    kind: 'server',
    startMs: open.atMs,
    endMs: Math.max(final.atMs, open.atMs),
    attributes: exchangeAttributes(settled, providerNameOf),
    error: final.fault,
  };
  const children = attempts.map((attempt): Span => ({
    traceId: context.traceId,
    spanId: spanIdOf(open.requestId, attempt.attempt),
    parentSpanId,
    name: `${operationName(open.operation)} ${attempt.upstreamModel}`,
    kind: 'client',
    startMs: attempt.startedAtMs,
    endMs: attempt.startedAtMs + attempt.totalMs,
    attributes: attemptAttributes(attempt, open, providerNameOf),
    error: attempt.fault,
  }));
  return [exchange, ...children];
}

function exchangeAttributes(
  { open, final, conversation }: SettledExchange,
  providerNameOf: ProviderNameOf,
): Attributes {
  return {
    [genAi.operationName]: operationName(open.operation),
    [genAi.requestModel]: open.model,
    [genAi.requestStream]: open.stream,
    [genAi.responseModel]: final.upstreamModel,
    [genAi.responseFinishReasons]: final.finishReason && [final.finishReason],
    [genAi.providerName]: final.host && (providerNameOf(final.host) ?? final.host),
    [own.host]: final.host,
    [genAi.conversationId]: conversation,
    [general.httpStatusCode]: final.httpStatus,
    [general.errorType]: final.fault,
    [own.requestId]: open.requestId,
    [own.key]: open.key,
    [own.customer]: open.customer,
    [own.job]: open.job,
    [own.dialect]: open.dialect,
    [own.status]: final.status,
    [own.cache]: final.cache,
    [own.attempts]: final.attempts,
    [own.costNanos]: final.costNanos ?? undefined,
  };
}

function attemptAttributes(attempt: AttemptFact, open: OpenFact, providerNameOf: ProviderNameOf): Attributes {
  const { firstTokenMs, flags } = attempt;
  return {
    [genAi.operationName]: operationName(open.operation),
    [genAi.providerName]: providerNameOf(attempt.host) ?? attempt.host,
    [genAi.requestModel]: attempt.upstreamModel,
    [genAi.requestStream]: open.stream,
    [genAi.responseModel]: attempt.upstreamModel,
    [genAi.responseFinishReasons]: attempt.finishReason && [attempt.finishReason],
    [genAi.responseTimeToFirstChunk]: firstTokenMs === undefined ? undefined : firstTokenMs / 1000,
    ...(attempt.usage && usageAttributes(attempt.usage)),
    [general.httpStatusCode]: attempt.upstreamStatus,
    [general.errorType]: attempt.fault,
    [own.host]: attempt.host,
    [own.dialect]: attempt.dialect,
    [own.attempt]: attempt.attempt,
    [own.flags]: flags.length > 0 ? flags : undefined,
    [own.costNanos]: attempt.costNanos ?? undefined,
    [own.upstreamRequestId]: attempt.upstreamRequestId,
  };
}

/** The conventions count cached tokens as input and reasoning as output; our buckets are disjoint. */
function usageAttributes(usage: UsageBuckets): Attributes {
  const { cacheWrite5m, cacheWrite1h } = usage;
  const hasWrites = cacheWrite5m !== undefined || cacheWrite1h !== undefined;
  return {
    [genAi.usageInputTokens]: totalInput(usage),
    [genAi.usageOutputTokens]: totalOutput(usage),
    [genAi.usageCacheReadInputTokens]: usage.cacheRead,
    [genAi.usageCacheWriteInputTokens]: hasWrites ? (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0) : undefined,
    [genAi.usageReasoningOutputTokens]: usage.reasoning,
  };
}
