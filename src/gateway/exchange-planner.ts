import type { DispatchPlan, AttemptPolicy } from '../dispatch/index.ts';
import type { AttemptFact } from '../domain/facts/facts.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { FaultCode } from '../domain/faults/fault-codes.ts';
import type { JsonObject, ModelCall } from '../domain/calls/model-call.ts';
import { type AnswerContext, holdsLongIntegers, isObject, parseExact } from '../protocols/index.ts';
import type { OutboundCall } from '../providers/contract.ts';
import { formatTraceparent } from '../telemetry/index.ts';
import { answerHeaders, earlyHeaders } from './answers/answer-headers.ts';
import type { AnswerSchemas } from './schemas/answer-schemas.ts';
import { CallSignatures } from './call-signatures.ts';
import { cascadeGate } from './cascade/cascade-gate.ts';
import type { Choice } from './choice/choose.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { Recall } from './cache/recall.ts';
import type { Received } from './received.ts';
import type { ReadRequest } from './responses/responses-state.ts';
import { SchemaCheck } from './schemas/schema-check.ts';
import type { AdmittedExchange } from './settle.ts';
import type { AskedTools } from './tools/asked-tools.ts';
import { countingEndpoints } from './token-count.ts';

/** Longest time an answer nobody listens to is read to its end. */
const drainMs = 30_000;

/** Where an exchange got to before it was admitted or refused. */
export interface Admitted {
  readonly exchange: AdmittedExchange;
  readonly request: ReadRequest;
  /** Tools of this side that its model may call. */
  readonly tools?: AskedTools | undefined;
}

/** Makes of an admitted exchange what dispatch needs: the call for its upstreams and the plan for its answer. */
export class ExchangePlanner {
  readonly #deps: GatewayDeps;
  readonly #schemas: AnswerSchemas;
  readonly #signatures = new CallSignatures();

  constructor(deps: GatewayDeps, schemas: AnswerSchemas) {
    this.#deps = deps;
    this.#schemas = schemas;
  }

  /** The call in the common vocabulary, at most parsed once, and the check of its answer. */
  asking({ exchange, request }: Admitted): Required<Pick<DispatchPlan, 'verify'>> & Pick<OutboundCall, 'parse'> {
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

  /** The call as it goes to upstreams. */
  call({ exchange, request }: Admitted, parse: OutboundCall['parse']): OutboundCall {
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

  /** Where the exchange may go, and how its answer reaches the client. */
  plan(
    { exchange, request }: Admitted,
    how: Pick<DispatchPlan, 'call' | 'verify'> & {
      attempts: AttemptFact[];
      cache: Recall['state'];
      deadlineMs: number;
    },
  ): DispatchPlan {
    const { received, head, choice, decisionId } = exchange;
    const { money, settings, outcomeDesk: desk, clock, logger } = this.#deps;
    const { config } = settings();
    const { call, attempts, cache, deadlineMs } = how;
    const gate = cascadeGate(exchange, { desk, clock, logger });
    const counts = head.operation === 'count-tokens';
    const watches = head.operation === 'generate' && mayLoseSignatures(exchange);
    return {
      requestId: received.requestId,
      candidates: counts ? countingEndpoints(exchange, this.#deps.dispatch.providerOf) : choice.decision.ranked,
      call,
      verify: how.verify,
      ...(gate && { gateOf: (endpoint) => gate.of(endpoint) }),
      inbound: watches ? this.#signatures.watch(received.key.customer, received.inbound) : received.inbound,
      context: this.#context(exchange, request.asked),
      policy: attemptPolicy(choice),
      totalMs: deadlineMs - clock.monotonicMs(),
      estimateInputTokens: () => head.estimateInputTokens(),
      outputLimitTokens: () =>
        head.maxOutputTokens === undefined ? undefined : head.maxOutputTokens * Math.max(1, head.features().candidates),
      drainMs: received.key.onClientGone === 'drain' ? drainMs : 0,
      // What is held for a verifier is neither raced nor continued.
      continuation: gate ? 'off' : choice.policy.continuation,
      hedging: choice.policy.hedge && !gate ? this.#deps.hedging : undefined,
      keepaliveMs: config.server.keepaliveMs,
      clientStallMs: config.server.clientStallMs,
      collects: cache === 'miss' || choice.collects === true || gate !== undefined,
      allowance: exchange.spending.allowance,
      priceOf: (endpoint, atMs) => money.priceOf(endpoint, atMs, received.key.name),
      answerHeaders: ({ endpoint, attempts: begun, dropped }) =>
        answerHeaders(received, { choice, decisionId }, { endpoint, attempts: begun, dropped, cache }),
      earlyHeaders: () => earlyHeaders(received.requestId, earlyModel(exchange)),
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

/** How long the exchange may take in all. */
export function totalOf({ choice, received }: AdmittedExchange): number {
  const hostMs = choice.decision.ranked[0]?.host.timeouts.totalMs ?? 900_000;
  return Math.min(hostMs, received.controls.deadlineMs ?? Number.POSITIVE_INFINITY);
}

const onFeatures: ReadonlySet<FaultCode> = new Set(['unsupported_feature']);
const onFeaturesAndContext: ReadonlySet<FaultCode> = new Set(['unsupported_feature', 'context_too_long']);

/** Before an answer is verified nobody knows whose it will be. */
function earlyModel({ head, choice }: AdmittedExchange): string {
  return choice.cascade?.fact ? head.model : choice.decision.model;
}

function attemptPolicy({ policy, cascade }: Choice): AttemptPolicy {
  const maxAttempts = Math.max(policy.maxAttempts, cascade?.fact?.stages.length ?? 0);
  const { fallback, refusalFallback, maxWaitMs } = policy;
  const alsoFallbackOn = policy.contextFallback ? onFeaturesAndContext : onFeatures;
  return { maxAttempts, fallback, refusalFallback, maxWaitMs, alsoFallbackOn };
}
