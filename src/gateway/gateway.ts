import type { Catalog } from '../catalog/index.ts';
import type { Config } from '../config/index.ts';
import {
  type AttemptPolicy,
  type ClientSink,
  type DispatchDeps,
  type DispatchPlan,
  type DispatchResult,
  type Hedging,
  runExchange,
} from '../dispatch/index.ts';
import type { AttemptFact } from '../domain/facts.ts';
import { Fault } from '../domain/fault.ts';
import type { FaultCode } from '../domain/fault-codes.ts';
import type { JsonObject, ModelCall } from '../domain/model-call.ts';
import { totalInput, totalOutput } from '../domain/usage.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type AnswerContext, holdsLongIntegers, isObject, parseExact, type RequestHead } from '../protocols/index.ts';
import type { OutboundCall } from '../providers/contract.ts';
import type { OutcomeBook, StickyMap } from '../routing/index.ts';
import { formatTraceparent, type Tracing } from '../telemetry/index.ts';
import type { Admission, Limiter } from '../tenants/index.ts';
import { AnswerSchemas } from './answer-schemas.ts';
import { SchemaCheck } from './schema-check.ts';
import { answerHeaders, faultHeaders, headerText, requestHeaders } from './answer-headers.ts';
import { CallSignatures } from './call-signatures.ts';
import { type Choice, choose } from './choose.ts';
import type { ExchangeBoard } from './exchange-board.ts';
import type { FileReferences } from './objects-references.ts';
import { parseBody } from './parse-body.ts';
import { patienceUntil } from './patience.ts';
import { readMultipartFields } from './read-multipart.ts';
import { type Recall, recall, replay } from './recall.ts';
import type { Received } from './received.ts';
import type { ReadRequest, ResponsesState, Resumed } from './responses-state.ts';
import type { ResponseCache } from './response-cache.ts';
import { type AdmittedExchange, decisionFact, finalFact, openFact } from './settle.ts';
import { countingEndpoints, estimatedCount } from './token-count.ts';

/** What the gateway needs; the catalog and configuration change by reload, the rest lives as long as the process. */
export interface GatewayDeps {
  readonly dispatch: DispatchDeps;
  readonly journal: Journal;
  readonly limiter: Limiter;
  readonly outcomes: OutcomeBook;
  readonly sticky: StickyMap;
  readonly hedging: Hedging;
  readonly cache: ResponseCache;
  readonly responses: ResponsesState;
  readonly files: FileReferences;
  readonly board: ExchangeBoard;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  /** The current snapshot. */
  settings(): { readonly catalog: Catalog; readonly config: Config };
}

/** Longest time an answer nobody listens to is read to its end. */
const drainMs = 30_000;

/** Where an exchange got to before it was admitted or refused. */
interface Admitted {
  readonly exchange: AdmittedExchange;
  readonly request: ReadRequest;
  readonly admission: Admission;
}

/** Runs one request from body to settled fact. Every refusal and every failure ends in the caller's own dialect. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #schemas: AnswerSchemas;
  readonly #signatures = new CallSignatures();

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#schemas = new AnswerSchemas(deps.dispatch.wheel);
  }

  /** Resolves when no exchange is in flight any more, detached ones included, and what served them is ended. */
  async close(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#schemas.close();
  }

  handle(received: Received, sink: ClientSink): Promise<void> {
    const running = this.#handle(received, sink).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #handle(received: Received, sink: ClientSink): Promise<void> {
    try {
      const request = this.#read(received);
      if (Fault.is(request)) return this.#refuse(received, sink, request);
      const isContinuing = request.head.previousResponseId !== undefined;
      const resumed = isContinuing
        ? await this.#deps.responses.resume(received, request, (head) => this.#choose(received, head))
        : this.#choose(received, request.head);
      if (Fault.is(resumed)) return this.#refuse(received, sink, resumed);
      const bound = this.#deps.files.bind(received, 'request' in resumed ? resumed : { request, choice: resumed });
      if (Fault.is(bound)) return this.#refuse(received, sink, bound);
      const admitted = this.#admit(received, bound);
      if (Fault.is(admitted)) return this.#refuse(received, sink, admitted);
      await this.#run(admitted, sink);
    } catch (error) {
      this.#deps.logger.error({ err: error, requestId: received.requestId }, 'defect while handling a request');
      if (sink.started) sink.destroy();
      else this.#refuse(received, sink, new Fault('internal', { cause: error }));
    }
  }

  /** Turned away before it became an exchange: counted, not recorded. */
  #refuse(received: Received, sink: ClientSink, fault: Fault): void {
    this.#deps.board.refuse(fault.code);
    refuse(received, sink, fault);
  }

  #read(received: Received): ReadRequest | Fault {
    const { bytes } = received;
    const body = received.contentType.startsWith('multipart/')
      ? readMultipartFields(bytes, received.contentType)
      : parseBody(bytes, this.#deps.settings().config.server.maxJsonDepth);
    if (Fault.is(body)) return body;
    const head = received.inbound.readHead(body, received.route);
    return Fault.is(head) ? head : { body, bytes, head, asked: body };
  }

  #choose(received: Received, head: RequestHead): Choice | Fault {
    const { clock, settings, dispatch, outcomes, sticky } = this.#deps;
    const nowMs = clock.monotonicMs();
    return choose(received, head, {
      catalog: settings().catalog,
      signals: dispatch.signals,
      outcomes,
      sticky,
      nowMs,
    });
  }

  #admit(received: Received, { request, choice }: Resumed): Admitted | Fault {
    const { journal, limiter, clock, newId } = this.#deps;
    const { head } = request;
    const state = journal.state();
    if (!state.accepting) return new Fault('journal_full', { detail: state.reason });
    const inputEstimateTokens = estimateInput(received, request);
    const admission = limiter.admit(received.key, inputEstimateTokens + (head.maxOutputTokens ?? 0));
    if (Fault.is(admission)) return admission;
    const startedAtMs = clock.nowMs();
    const exchange = { received, head, choice, decisionId: newId('dec'), startedAtMs, inputEstimateTokens };
    return { exchange, request, admission };
  }

  async #run(admitted: Admitted, sink: ClientSink): Promise<void> {
    const { exchange, admission } = admitted;
    const { journal, board, clock, sticky, tracing } = this.#deps;
    const { received, head, choice } = exchange;
    const open = openFact(exchange);
    journal.append(open, decisionFact(exchange));
    board.begin({
      requestId: received.requestId,
      startedAtMs: exchange.startedAtMs,
      key: received.key.name,
      model: head.model,
      stream: head.stream,
    });
    const attempts: AttemptFact[] = [];
    const { result, recalled } = await this.#answer(admitted, attempts, sink);
    const usage = result.usage?.buckets ?? {};
    admission.release(totalInput(usage) + totalOutput(usage));
    // An answer from the cache warms nothing.
    if (result.status === 'completed' && result.attempts > 0 && choice.conversation !== undefined && result.endpoint) {
      sticky.set(choice.conversation, result.endpoint.id);
    }
    const savedNanos = recalled.state === 'hit' ? (recalled.costNanos ?? undefined) : undefined;
    const cache = recalled.state;
    const final = finalFact(exchange, result, { nowMs: clock.nowMs(), cache, savedNanos });
    board.end(final, attempts);
    // The client sees the end only when the fact is durable: what was answered is never unrecorded.
    const durable = journal.commit(...attempts, final);
    if (received.key.metered) await durable;
    else durable.catch((error: unknown) => this.#deps.logger.error({ err: error }, 'facts could not be recorded'));
    send(exchange, result, { sink, cache });
    this.#deps.responses.keep(received, admitted.request.asked, result);
    const { traceparent, session } = received.controls;
    tracing.record({ open, attempts, final, traceparent, conversation: session });
  }

  /** Asks the cache, then the endpoints. Even a defect leaves a result, and so a final fact. */
  async #answer(
    admitted: Admitted,
    attempts: AttemptFact[],
    sink: ClientSink,
  ): Promise<{ result: DispatchResult; recalled: Recall }> {
    const { exchange } = admitted;
    const asking = this.#asking(admitted);
    const call = this.#call(admitted, asking.parse);
    const deadlineMs = this.#deps.clock.monotonicMs() + totalOf(exchange);
    const patience = patienceUntil(deadlineMs, sink, this.#deps.dispatch);
    let recalled: Recall = { state: 'bypass' };
    try {
      const recalling = recall(exchange, this.#deps.cache, { parse: call.parse, patience });
      recalled = recalling instanceof Promise ? await recalling : recalling;
      const how = { call, attempts, cache: recalled.state, verify: asking.verify, deadlineMs };
      const plan = this.#plan(admitted, how);
      if (recalled.state === 'hit')
        return { result: replay(exchange, recalled, { context: plan.context, sink }), recalled };
      const result = this.#countHere(plan, exchange) ?? (await runExchange(plan, sink, this.#deps.dispatch));
      if (result.fault?.code === 'internal') this.#logDefect(exchange, result.fault.cause);
      if (recalled.state === 'miss') recalled.keep(result);
      return { result, recalled };
    } catch (error) {
      this.#logDefect(exchange, error);
      if (recalled.state === 'miss') recalled.keep(undefined);
      return { result: defectResult(error), recalled };
    }
  }

  #logDefect({ received }: AdmittedExchange, error: unknown): void {
    this.#deps.logger.error({ err: error, requestId: received.requestId }, 'defect while answering');
  }

  /** The call in the common vocabulary, at most parsed once, and the check of its answer. */
  #asking({ exchange, request }: Admitted): Required<Pick<DispatchPlan, 'verify'>> & Pick<OutboundCall, 'parse'> {
    const { received, head } = exchange;
    const check = new SchemaCheck(this.#schemas);
    let parsed: ModelCall | Fault | undefined;
    const read = (): ModelCall | Fault => {
      const call = received.inbound.parseCall(exactBody(request), head);
      if (Fault.is(call) || !mayLoseSignatures(exchange)) return call;
      return this.#signatures.restore(received.key.customer, call);
    };
    return {
      parse() {
        parsed ??= read();
        return Fault.is(parsed) ? parsed : check.callToSend(parsed);
      },
      verify: async (completion) =>
        parsed === undefined || Fault.is(parsed) ? undefined : check.verify(parsed, completion),
    };
  }

  /** Counting tokens is no reason to refuse: where no host does it, the estimate that limits go by is told. */
  #countHere({ call, candidates }: DispatchPlan, exchange: AdmittedExchange): DispatchResult | undefined {
    return call.operation === 'count-tokens' && candidates.length === 0 ? estimatedCount(exchange) : undefined;
  }

  #call({ exchange, request }: Admitted, parse: OutboundCall['parse']): OutboundCall {
    const { received, head } = exchange;
    const { telemetry } = this.#deps.settings().config;
    return {
      operation: head.operation,
      dialect: received.inbound.dialect,
      bytes: request.bytes,
      body: request.body,
      stream: head.stream,
      contentType: received.contentType,
      headers: telemetry.forwardTraceparent ? withTraceparent(received) : received.forwardHeaders,
      passThroughPath: received.passThroughPath,
      parse,
    };
  }

  #plan(
    { exchange, request }: Admitted,
    how: Pick<DispatchPlan, 'call' | 'verify'> & {
      attempts: AttemptFact[];
      cache: Recall['state'];
      deadlineMs: number;
    },
  ): DispatchPlan {
    const { received, head, choice, decisionId } = exchange;
    const { config } = this.#deps.settings();
    const { call, attempts, cache, deadlineMs } = how;
    const counts = head.operation === 'count-tokens';
    const watches = head.operation === 'generate' && mayLoseSignatures(exchange);
    return {
      requestId: received.requestId,
      candidates: counts ? countingEndpoints(exchange, this.#deps.dispatch.providerOf) : choice.decision.ranked,
      call,
      verify: how.verify,
      inbound: watches ? this.#signatures.watch(received.key.customer, received.inbound) : received.inbound,
      context: this.#context(exchange, request.asked),
      policy: attemptPolicy(choice),
      totalMs: deadlineMs - this.#deps.clock.monotonicMs(),
      estimateInputTokens: () => head.estimateInputTokens(),
      drainMs: received.key.onClientGone === 'drain' ? drainMs : 0,
      continuation: choice.policy.continuation,
      hedging: choice.policy.hedge ? this.#deps.hedging : undefined,
      keepaliveMs: config.server.keepaliveMs,
      clientStallMs: config.server.clientStallMs,
      collects: cache === 'miss',
      answerHeaders: ({ endpoint, attempts: begun, dropped }) =>
        answerHeaders(received, { choice, decisionId }, { endpoint, attempts: begun, dropped, cache }),
      earlyHeaders: () => ({
        ...requestHeaders(received.requestId),
        'x-switchyard-model': headerText(choice.decision.model),
      }),
      attempted: (fact) => attempts.push(fact),
    };
  }

  #context({ received, head, startedAtMs }: AdmittedExchange, request: JsonObject): AnswerContext {
    return {
      requestId: received.requestId,
      model: head.model,
      createdAtS: Math.floor(startedAtMs / 1000),
      wantsUsage: head.wantsUsage,
      framing: received.framing,
      request,
      newId: this.#deps.newId,
    };
  }
}

/** Gemini signs calls of tools, and clients of other dialects may have no place for that. */
function mayLoseSignatures({ received, choice }: AdmittedExchange): boolean {
  if (received.inbound.dialect === 'gemini') return false;
  return choice.decision.ranked.some(({ host }) => host.protocol === 'gemini' || host.protocol === 'vertex');
}

/** What is told and recorded when our own code failed. */
function defectResult(error: unknown): DispatchResult {
  const fault = new Fault('internal', { cause: error });
  const nothing = { attempts: 0, costNanos: null, dropped: [], added: [], continued: false };
  return { status: 'failed', fault, inBand: false, ...nothing };
}

function send(
  exchange: AdmittedExchange,
  result: DispatchResult,
  { sink, cache }: { sink: ClientSink; cache: Recall['state'] },
): void {
  const { received, choice, decisionId } = exchange;
  if (sink.gone) return;
  if (result.closing !== undefined) return sink.end(result.closing);
  if (result.fault) return sink.started ? sink.destroy() : refuse(received, sink, result.fault);
  const { answer, endpoint } = result;
  if (!answer || !endpoint) return sink.destroy();
  const { attempts, dropped, costNanos } = result;
  const { contentType, estimated } = answer;
  const told = { endpoint, attempts, dropped, cache, costNanos, contentType, estimated };
  sink.start(answer.status, answerHeaders(received, { choice, decisionId }, told));
  sink.end(answer.body);
}

/** Answers a fault by HTTP status, in the caller's dialect. */
export function refuse(received: Pick<Received, 'requestId' | 'inbound'>, sink: ClientSink, fault: Fault): void {
  if (sink.gone || sink.started) return;
  sink.start(fault.kind.httpStatus, faultHeaders(received.requestId, fault));
  sink.end(JSON.stringify(received.inbound.encodeFault(fault, received.requestId)));
}

/** Only needed for limits and for answers that break off: computed when a limit is set, else from the size. */
function estimateInput(received: Received, { head, bytes }: ReadRequest): number {
  if (received.key.limits.tokensPerMinute !== undefined) return head.estimateInputTokens();
  return Math.ceil(bytes.length / 4);
}

/** The upstream's spans become children of the exchange's. */
function withTraceparent({ requestId, forwardHeaders, controls }: Received): Received['forwardHeaders'] {
  return { ...forwardHeaders, traceparent: formatTraceparent(requestId, controls.traceparent) };
}

/** A call that is translated keeps the digits of integers that a double cannot hold; passed-through bytes do anyway. */
function exactBody({ body, bytes }: ReadRequest): JsonObject {
  const text = bytes.toString();
  const exact = holdsLongIntegers(text) ? parseExact(text) : body;
  return isObject(exact) ? exact : body;
}

function totalOf({ choice, received }: AdmittedExchange): number {
  const hostMs = choice.decision.ranked[0]?.host.timeouts.totalMs ?? 900_000;
  return Math.min(hostMs, received.controls.deadlineMs ?? Number.POSITIVE_INFINITY);
}

const onFeatures: ReadonlySet<FaultCode> = new Set(['unsupported_feature']);
const onFeaturesAndContext: ReadonlySet<FaultCode> = new Set(['unsupported_feature', 'context_too_long']);

function attemptPolicy({ policy }: Choice): AttemptPolicy {
  const { maxAttempts, fallback, refusalFallback, maxWaitMs } = policy;
  const alsoFallbackOn = policy.contextFallback ? onFeaturesAndContext : onFeatures;
  return { maxAttempts, fallback, refusalFallback, maxWaitMs, alsoFallbackOn };
}
