import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { AttemptFact, AttemptFlag } from '../../domain/facts/facts.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import { rate, type Rating } from '../../domain/rating/rating.ts';
import { totalInput, totalOutput, type Usage } from '../../domain/rating/usage.ts';
import type { EncodedRequest } from '../../providers/contract.ts';
import type { Signals } from '../../signals/index.ts';
import type { AttemptMeter } from '../attempts/attempt-meter.ts';
import type { DispatchPlan } from '../dispatch-plan.ts';

/** One attempt that is over, before it becomes a fact. */
export interface FinishedAttempt {
  readonly endpoint: Endpoint;
  readonly encoded: EncodedRequest;
  readonly meter: AttemptMeter;
  readonly fault: Fault | undefined;
  readonly isCancelled: boolean;
  readonly flags: readonly AttemptFlag[];
  /** Usage read otherwise than from parts (whole answers). */
  readonly usage?: Usage | undefined;
}

/** Rates every attempt of an exchange, tells the journal and the endpoint's signals, and sums the cost. */
export class AttemptLedger {
  readonly #plan: DispatchPlan;
  readonly #signals: Signals;
  #started = 0;
  /** What each attempt was admitted with; made for those that found their endpoint's circuit open. */
  #admissions: Map<number, number> | undefined;
  #costNanos: bigint | null = 0n;
  /** Usage of the attempt that answered. */
  usage: Usage | undefined;

  constructor(plan: DispatchPlan, signals: Signals) {
    this.#plan = plan;
    this.#signals = signals;
  }

  /** Attempts begun so far. */
  get attempts(): number {
    return this.#started;
  }

  /** Sum over all attempts; null as soon as one of them has an unknown price. */
  get costNanos(): bigint | null {
    return this.#costNanos;
  }

  begin(endpoint: Endpoint): number {
    const admission = this.#signals.of(endpoint.id).begin();
    this.#started++;
    if (admission !== 0) (this.#admissions ??= new Map()).set(this.#started, admission);
    return this.#started;
  }

  end(number: number, attempt: FinishedAttempt): void {
    const { meter, endpoint, fault } = attempt;
    const totalMs = meter.elapsedMs();
    // Hosts count tokens free of charge: nothing of what was counted is used.
    const usage = this.#plan.call.operation === 'count-tokens' ? undefined : (attempt.usage ?? this.#usageOf(attempt));
    if (usage) this.usage = usage;
    this.#signals.of(endpoint.id).end({
      fault: attempt.isCancelled ? 'client_gone' : fault?.code,
      retryAfterMs: fault?.retryAfterMs,
      firstTokenMs: meter.firstTokenMs,
      totalMs,
      outputTokens: usage && totalOutput(usage.buckets),
      inputTokens: usage && totalInput(usage.buckets),
      admission: this.#admissions?.get(number) ?? 0,
    });
    this.#plan.attempted(this.#toFact(number, attempt, { usage, totalMs }));
  }

  /** An upstream that refused or was never reached produced nothing to bill; one that began to answer did. */
  #usageOf({ meter, fault, isCancelled }: FinishedAttempt): Usage | undefined {
    const answered = meter.upstreamStatus !== undefined && meter.upstreamStatus < 300;
    if (!answered && !(isCancelled && meter.connectedMs !== undefined)) return undefined;
    if (fault && !meter.sawContent && !meter.reported) return undefined;
    return meter.usage(() => this.#plan.estimateInputTokens(), this.#plan.outputLimitTokens?.());
  }

  #toFact(
    number: number,
    attempt: FinishedAttempt,
    measured: { usage: Usage | undefined; totalMs: number },
  ): AttemptFact {
    const { endpoint, meter, fault, encoded } = attempt;
    const { usage, totalMs } = measured;
    // What runs on the customer's own account is on the customer's bill, whatever the price.
    const rating = usage && !endpoint.ownAccount ? this.#rate(usage, endpoint, meter.startedAtMs) : undefined;
    const costNanos = rating ? rating.costNanos : 0n;
    const isReported = rating?.costSource === 'reported';
    this.#costNanos = costNanos === null || this.#costNanos === null ? null : this.#costNanos + costNanos;
    const flags = [...attempt.flags];
    if (endpoint.ownAccount) flags.push('own_credentials');
    if (usage?.source === 'estimated') flags.push('estimated');
    if (usage?.invalid) flags.push('usage_invalid');
    if (rating?.isOutOfRange) flags.push('amount_refused');
    else if (rating?.costNanos === null) flags.push('price_unknown');
    if (rating?.isAssumed) flags.push('price_assumed');
    if (meter.malformedEvents > 0) flags.push('malformed_event');
    if (attempt.isCancelled) flags.push('cancelled');
    return {
      type: 'attempt',
      requestId: this.#plan.requestId,
      attempt: number,
      host: endpoint.host.id,
      upstreamModel: endpoint.upstreamModel,
      dialect: encoded.dialect,
      startedAtMs: meter.startedAtMs,
      connectedMs: meter.connectedMs,
      firstByteMs: meter.firstByteMs,
      firstTokenMs: meter.firstTokenMs,
      totalMs,
      upstreamStatus: meter.upstreamStatus,
      upstreamRequestId: meter.upstreamRequestId,
      fault: fault?.code,
      finishReason: meter.finishReason,
      usage: usage?.buckets,
      usageSource: usage?.source,
      servedTier: usage?.servedTier,
      costNanos: costNanos === null ? null : costNanos.toString(),
      costSource: isReported ? 'reported' : undefined,
      reportedCostNanos: usage?.reportedCostNanos?.toString(),
      computedCostNanos: isReported ? rating.computedCostNanos?.toString() : undefined,
      priceVersionId: rating?.priceVersionId,
      contractVersionId: rating?.contractVersionId,
      laterPriceVersionId: rating && this.#laterVersion(endpoint, meter.startedAtMs + totalMs, rating),
      batch: this.#plan.isBatch,
      region: usage?.servedRegion ?? endpoint.region,
      flags,
    };
  }

  #laterVersion(endpoint: Endpoint, endedAtMs: number, rating: Rating): string | undefined {
    const later = this.#plan.priceOf?.(endpoint, endedAtMs).price?.versionId;
    return later === rating.priceVersionId ? undefined : later;
  }

  /** The price in force when the attempt started rates it, whatever has become of the price since. */
  #rate(usage: Usage, endpoint: Endpoint, startedAtMs: number): Rating {
    const { isBatch, priceOf } = this.#plan;
    const priced = priceOf ? priceOf(endpoint, startedAtMs) : endpoint;
    return rate(usage, priced.price, {
      startedAtMs,
      ...(isBatch !== undefined && { batch: isBatch }),
      ...(endpoint.region !== undefined && { region: endpoint.region }),
      ...('contract' in priced && priced.contract && { contract: priced.contract }),
    });
  }
}
