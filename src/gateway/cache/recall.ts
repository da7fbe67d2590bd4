import { type ClientSink, type DispatchResult, streamHeaders } from '../../dispatch/index.ts';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import { type AnswerContext, completionToParts, stringifyExact } from '../../protocols/index.ts';
import { answerHeaders } from '../answers/answer-headers.ts';
import { cacheKeyOf, isCacheable } from './cache-key.ts';
import type { Patience } from '../patience.ts';
import type { ResponseCache } from './response-cache.ts';
import type { AdmittedExchange } from '../settle.ts';

/** What the cache has to say about one exchange. */
export type Recall =
  | { readonly state: 'bypass' }
  | {
      readonly state: 'hit';
      readonly completion: Completion;
      readonly endpoint: Endpoint;
      readonly costNanos: bigint | null;
    }
  /** Ask the upstream; `keep` is told the result exactly once. */
  | { readonly state: 'miss'; keep(result: DispatchResult | undefined): void };

const bypass: Recall = { state: 'bypass' };

/** Looks for the answer of an identical call. Off unless the key or the request turns it on. */
export function recall(
  exchange: AdmittedExchange,
  cache: ResponseCache,
  { parse, patience }: { parse(): ModelCall | Fault; patience: Patience },
): Recall | Promise<Recall> {
  const { received, head } = exchange;
  const mode = received.controls.cache ?? received.key.cache;
  const control = received.controls.cacheControl ?? '';
  if (mode === 'off' || head.operation !== 'generate' || (control !== '' && /\bno-store\b/.test(control)))
    return bypass;
  const call = parse();
  if (Fault.is(call) || !isCacheable(call, mode)) return bypass;
  return lookUp(exchange, cache, { call, mayRead: !/\bno-cache\b/.test(control), patience });
}

async function lookUp(
  { received, choice }: AdmittedExchange,
  cache: ResponseCache,
  { call, mayRead, patience }: { call: ModelCall; mayRead: boolean; patience: Patience },
): Promise<Recall> {
  const turn = await cache.take(cacheKeyOf(received, call, choice.decision.model), mayRead, patience);
  if (turn.kind === 'late') return bypass;
  if (turn.kind === 'hit') {
    const { completion, endpoint, costNanos } = turn.answer;
    return { state: 'hit', completion, endpoint, costNanos };
  }
  return {
    state: 'miss',
    keep(result) {
      const { completion, endpoint, costNanos = null } = result ?? {};
      const isWhole = result?.status === 'completed' && !result.continued && completion?.finish.reason === 'stop';
      turn.done(isWhole && completion && endpoint ? { completion, endpoint, costNanos } : undefined);
    },
  };
}

/** Plays a kept answer in the client's dialect; what remains is the closing of a stream or the whole body. */
export function replay(
  exchange: AdmittedExchange,
  hit: Extract<Recall, { state: 'hit' }>,
  { context, sink }: { context: AnswerContext; sink: ClientSink },
): DispatchResult {
  const { received, head, choice, decisionId } = exchange;
  const { completion, endpoint } = hit;
  const shared = {
    status: 'completed',
    inBand: false,
    endpoint,
    attempts: 0,
    costNanos: 0n,
    dropped: [],
    added: [],
    continued: false,
    finishReason: completion.finish.reason,
  } as const;
  if (!head.stream) {
    const body = stringifyExact(received.inbound.encodeCompletion(completion, context));
    return { ...shared, answer: { status: 200, contentType: 'application/json', body } };
  }
  const encoder = received.inbound.openEncoder(context);
  const headers = answerHeaders(received, { choice, decisionId }, { endpoint, attempts: 0, dropped: [], cache: 'hit' });
  if (!sink.gone && !sink.started) sink.start(200, streamHeaders(context.framing), headers);
  for (const part of completionToParts(completion)) sink.write(encoder.push(part));
  return { ...shared, closing: encoder.end() };
}
