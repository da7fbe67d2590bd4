import type { DispatchResult } from '../dispatch/index.ts';
import type { Charge } from '../domain/charges/charge.ts';
import type { DecisionFact, FinalFact, OpenFact, ToolRunFact } from '../domain/facts/facts.ts';
import type { RequestHead } from '../protocols/index.ts';
import type { Choice } from './choice/choose.ts';
import type { AdmittedSpending } from './money/admit-spending.ts';
import type { Received } from './received.ts';
import { toRoutingFact } from './choice/routing-fact.ts';

/** One exchange from admission on. */
export interface AdmittedExchange {
  readonly received: Received;
  readonly head: RequestHead;
  readonly choice: Choice;
  readonly decisionId: string;
  readonly startedAtMs: number;
  readonly inputEstimateTokens: number;
  readonly spending: AdmittedSpending;
}

/** The fact that opens an exchange. */
export function openFact(exchange: AdmittedExchange): OpenFact {
  const { received, head, choice } = exchange;
  const { spender, hold } = exchange.spending;
  return {
    type: 'open',
    requestId: received.requestId,
    atMs: exchange.startedAtMs,
    key: received.key.name,
    customer: received.key.customer,
    dialect: received.inbound.dialect,
    operation: head.operation,
    model: head.model,
    stream: head.stream,
    job: choice.job,
    endUser: spender.endUser,
    feature: spender.feature,
    project: spender.project,
    tokenId: spender.token?.id,
    decisionId: exchange.decisionId,
    externalId: received.controls.externalId,
    inputEstimateTokens: exchange.inputEstimateTokens,
    heldNanos: hold.amountNanos === 0n ? undefined : hold.amountNanos.toString(),
    heldTokens: hold.heldTokens,
    shadowOf: received.copy?.of,
  };
}

/** The fact that records why these endpoints were tried in this order. */
export function decisionFact(exchange: AdmittedExchange): DecisionFact {
  const { decision, job, routed, rollout, cascade, prompt } = exchange.choice;
  return {
    type: 'decision',
    requestId: exchange.received.requestId,
    decisionId: exchange.decisionId,
    atMs: exchange.startedAtMs,
    job,
    model: decision.model,
    seed: routed?.input.seed ?? 0,
    chosen: decision.ranked[0]?.id ?? '',
    ranked: decision.ranked.map(({ id }) => id),
    excluded: decision.excluded,
    reasons: decision.reasons,
    propensity: routed ? Number(routed.decision.propensity.toPrecision(6)) : 1,
    switchNanos: decision.switchNanos?.toString(),
    ...(cascade?.fact && { cascade: cascade.fact }),
    ...(cascade?.heldOut && { heldOutCascade: cascade.heldOut }),
    ...(routed && { routing: toRoutingFact(routed) }),
    ...(rollout && { rollout: { id: rollout.rolloutId, arm: rollout.arm, propensity: rollout.propensity } }),
    ...(prompt && { prompt: prompt.versionId }),
  };
}

/** What the end of an exchange adds to the upstream's result. */
export interface Settlement {
  readonly nowMs: number;
  readonly cache: FinalFact['cache'];
  /** Cost that a cache hit saved. */
  readonly savedNanos: bigint | undefined;
  readonly charge: Charge;
  /** The charge is more than was held for it. */
  readonly overHold: boolean;
  /** Answers that a verifier turned down before. */
  readonly drafts: number;
  /** What tools did that ran here. */
  readonly toolRuns?: readonly ToolRunFact[] | undefined;
}

/** The fact that closes an exchange. */
export function finalFact(
  exchange: AdmittedExchange,
  result: DispatchResult,
  { nowMs, cache, savedNanos, charge, overHold, drafts, toolRuns }: Settlement,
): FinalFact {
  const { received, choice } = exchange;
  const { spender, added } = exchange.spending;
  const allAdded = added.length === 0 ? result.added : [...added, ...result.added];
  return {
    type: 'final',
    requestId: received.requestId,
    atMs: nowMs,
    status: result.status,
    httpStatus: result.fault && !result.inBand ? result.fault.kind.httpStatus : 200,
    inBand: result.inBand || undefined,
    fault: result.fault?.code,
    key: received.key.name,
    customer: received.key.customer,
    model: result.endpoint?.modelName ?? choice.decision.model,
    host: result.endpoint?.host.id,
    upstreamModel: result.endpoint?.upstreamModel,
    attempts: result.attempts,
    finishReason: result.finishReason,
    usage: result.usage?.buckets,
    costNanos: result.costNanos === null ? null : result.costNanos.toString(),
    chargeNanos: charge.chargeNanos === null ? null : charge.chargeNanos.toString(),
    planVersionId: charge.planVersionId,
    absorbedNanos: charge.absorbedNanos === 0n ? undefined : charge.absorbedNanos.toString(),
    overHold: overHold || undefined,
    cache,
    savedNanos: savedNanos?.toString(),
    totalMs: nowMs - exchange.startedAtMs,
    firstByteMs: result.firstTokenMs,
    dropped: result.dropped.length > 0 ? result.dropped : undefined,
    added: allAdded.length > 0 ? allAdded : undefined,
    continued: result.continued || undefined,
    job: choice.job,
    endUser: spender.endUser,
    feature: spender.feature,
    project: spender.project,
    shadowOf: received.copy?.of,
    tokenId: spender.token?.id,
    decisionId: exchange.decisionId,
    prompt: choice.prompt?.versionId,
    drafts: drafts > 0 ? drafts : undefined,
    toolRuns,
  };
}
