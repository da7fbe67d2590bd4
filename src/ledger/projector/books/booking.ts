import type { AttemptFact, FinalFact } from '../../../domain/facts/facts.ts';
import { chargeOfFinal } from '../../../domain/charges/margin.ts';
import { totalInput, totalOutput, type UsageBuckets } from '../../../domain/rating/usage.ts';
import type { JournalPosition } from '../../../journal/index.ts';
import { type CleanLabel, cleanLabel } from '../facts/clean-label.ts';
import type { PendingExchange, PlacedEnd, RecordedAttempt } from '../exchanges/pending-exchange.ts';
import { birthDayOf } from '../sums/time-slots.ts';

/** Whose exchange it was and what about, as rows are kept by it. Empty text is none. */
export interface ExchangeDimensions {
  readonly customer: string;
  readonly key: string;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  readonly upstreamModel: string;
  readonly endUser: string;
  readonly feature: string;
  readonly project: string;
}

/** One attempt as it is booked. */
export interface BookedAttempt {
  /** 0 stands for cost that the end of an exchange tells and no attempt explains. */
  readonly attempt: number;
  readonly host: string;
  readonly upstreamModel: string;
  readonly startedAtMs: number;
  /** null is unknown. */
  readonly costNanos: bigint | null;
  readonly absorbedNanos: bigint;
  readonly wasteNanos: bigint;
  readonly isEstimated: boolean;
  readonly isDelivered: boolean;
  readonly units: UsageBuckets | undefined;
  readonly priceVersion: string;
  readonly contractVersion: string;
  /** Absent when there is no fact of it. */
  readonly fact?: AttemptFact;
}

/** An exchange as it is booked: every amount that ledger and rollups get from it. */
export interface Booking {
  readonly requestId: string;
  readonly position: JournalPosition;
  readonly dimensions: ExchangeDimensions;
  /** The token whose own budget it counts towards. */
  readonly tokenId: string | undefined;
  /** The day of its id. It never differs between two tellings, so both find the same row. */
  readonly bornDayMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly status: 'completed' | 'failed' | 'aborted';
  /** The product's own copy of a request: its cost is real, and no customer used it. */
  readonly isCopy: boolean;
  readonly final: FinalFact | undefined;
  readonly attempts: readonly BookedAttempt[];
  readonly announcedAttempts: number;
  /** null is unknown. */
  readonly costNanos: bigint | null;
  readonly chargeNanos: bigint | null;
  readonly savedNanos: bigint;
  readonly absorbedNanos: bigint;
  /** Usage that reached the customer. */
  readonly units: UsageBuckets | undefined;
  readonly isEstimated: boolean;
  readonly digest: number;
  readonly attemptMarks: readonly bigint[];
  /** The end and the attempts do not tell the same cost; the attempts count. */
  readonly costContradiction: string | undefined;
}

/** Turns a gathered exchange into what is booked of it; depends on nothing but its facts. */
export function bookingOf(pending: PendingExchange, clean: CleanLabel = cleanLabel): Booking {
  const { ended, open } = pending;
  if (!ended) throw new Error(`exchange ${pending.requestId} has not ended`);
  const final = ended.end.kind === 'final' ? ended.end.fact : undefined;
  const facts = [...pending.attempts.values()].sort((one, other) => one.fact.attempt - other.fact.attempt);
  const toldCost = toldCostOf(ended);
  const known = facts.reduce((sum, { fact }) => sum + BigInt(fact.costNanos ?? '0'), 0n);
  const restNanos = toldCost !== null && toldCost > known ? toldCost - known : 0n;
  const chargeNanos = final ? chargeOfFinal(final) : 0n;
  // Nobody is charged for what a crash of our own cut off.
  const crashed = ended.end.kind === 'abort' ? known + restNanos : 0n;
  const absorbable = final ? BigInt(final.absorbedNanos ?? '0') : crashed;
  const dimensions = dimensionsOf(pending, final, clean);
  const startedAtMs = final ? Math.trunc(final.atMs - final.totalMs) : (open?.atMs ?? 0);
  const draft = facts.map(({ fact, isHeld }) => toAttempt(fact, { isHeld: isHeld === true, final, clean }));
  if (restNanos > 0n) draft.push(restOf(dimensions, { startedAtMs, restNanos, isEstimated: !final }));
  const attempts = absorb(draft, absorbable);
  const isUnknown = attempts.some(({ costNanos }) => costNanos === null);
  return {
    requestId: pending.requestId,
    position: ended.position,
    dimensions,
    tokenId: final?.tokenId ?? open?.tokenId,
    bornDayMs: birthDayOf(pending.requestId),
    startedAtMs,
    endedAtMs: ended.end.kind === 'quarantined' ? ended.end.atMs : ended.end.fact.atMs,
    status: final?.status ?? 'aborted',
    isCopy: (final ?? open)?.shadowOf !== undefined,
    final,
    attempts,
    announcedAttempts: final?.attempts ?? facts.length,
    costNanos: isUnknown ? null : attempts.reduce((sum, { costNanos }) => sum + (costNanos ?? 0n), 0n),
    chargeNanos,
    savedNanos: BigInt(final?.savedNanos ?? '0'),
    absorbedNanos: attempts.reduce((sum, { absorbedNanos }) => sum + absorbedNanos, 0n),
    units: isOnOwnAccount(facts, final) ? undefined : final?.usage,
    isEstimated: attempts.some(({ isEstimated }) => isEstimated),
    digest: ended.digest,
    attemptMarks: facts.map(({ mark }) => mark),
    costContradiction: contradictionOf({
      toldCost,
      known,
      isWhole: final !== undefined && facts.length >= final.attempts,
    }),
  };
}

/** An attempt as it is booked by itself, after the exchange it belongs to. */
export function bookedAttemptOf({ fact, isHeld }: RecordedAttempt): BookedAttempt {
  return toAttempt(fact, { isHeld: isHeld === true, final: undefined, clean: cleanLabel });
}

/** Everything that went in: fresh, cached, written, and in other media. */
export function inputOf(units: UsageBuckets | undefined): number {
  return units ? totalInput(units) : 0;
}

/** Everything that came out, reasoning included. */
export function outputOf(units: UsageBuckets | undefined): number {
  return units ? totalOutput(units) : 0;
}

/** Answered by the customer's own account: its units are on the host's bill to the customer, and meters count ours. */
function isOnOwnAccount(attempts: readonly RecordedAttempt[], final: FinalFact | undefined): boolean {
  return attempts.some(({ fact }) => fact.host === final?.host && fact.flags.includes('own_credentials'));
}

function toldCostOf({ end }: PlacedEnd): bigint | null {
  if (end.kind === 'quarantined') return null;
  return end.fact.costNanos === null ? null : BigInt(end.fact.costNanos);
}

function contradictionOf(seen: { toldCost: bigint | null; known: bigint; isWhole: boolean }): string | undefined {
  const { toldCost, known, isWhole } = seen;
  if (toldCost === null || !isWhole || toldCost === known) return undefined;
  return `the exchange says it cost ${toldCost}, its attempts ${known}`;
}

function dimensionsOf({ open }: PendingExchange, final: FinalFact | undefined, clean: CleanLabel): ExchangeDimensions {
  const source = final ?? open;
  return {
    customer: clean(source?.customer),
    key: clean(source?.key),
    model: clean(source?.model),
    job: clean(source?.job ?? open?.job),
    host: clean(final?.host),
    upstreamModel: clean(final?.upstreamModel),
    endUser: clean(source?.endUser ?? open?.endUser),
    feature: clean(source?.feature ?? open?.feature),
    project: clean(source?.project ?? open?.project),
  };
}

function toAttempt(
  fact: AttemptFact,
  told: { readonly isHeld: boolean; readonly final: FinalFact | undefined; readonly clean: CleanLabel },
): BookedAttempt {
  const { isHeld, final, clean } = told;
  const recordedNanos = fact.costNanos === null ? null : BigInt(fact.costNanos);
  const costNanos = isHeld ? 0n : recordedNanos;
  const isLost = fact.fault !== undefined || fact.flags.includes('hedge_loser');
  const isDelivered = !isLost && final !== undefined && fact.attempt === final.attempts;
  return {
    attempt: fact.attempt,
    host: clean(fact.host),
    upstreamModel: clean(fact.upstreamModel),
    startedAtMs: Math.trunc(fact.startedAtMs),
    costNanos,
    absorbedNanos: 0n,
    wasteNanos: isLost ? (costNanos ?? 0n) : 0n,
    isEstimated: fact.usageSource === 'estimated' || fact.flags.includes('estimated'),
    isDelivered,
    units: fact.usage,
    priceVersion: clean(fact.priceVersionId),
    contractVersion: clean(fact.contractVersionId),
    fact,
  };
}

function restOf(
  { host, upstreamModel }: ExchangeDimensions,
  rest: { readonly startedAtMs: number; readonly restNanos: bigint; readonly isEstimated: boolean },
): BookedAttempt {
  return {
    attempt: 0,
    host,
    upstreamModel,
    startedAtMs: rest.startedAtMs,
    costNanos: rest.restNanos,
    absorbedNanos: 0n,
    wasteNanos: 0n,
    isEstimated: rest.isEstimated,
    isDelivered: false,
    units: undefined,
    priceVersion: '',
    contractVersion: '',
  };
}

/** The last attempts are the ones that brought nothing: what nobody is charged for is theirs first. */
function absorb(attempts: readonly BookedAttempt[], absorbable: bigint): readonly BookedAttempt[] {
  if (absorbable === 0n) return attempts;
  let left = absorbable;
  return attempts
    .toReversed()
    .map((attempt) => {
      const costNanos = attempt.costNanos ?? 0n;
      const absorbedNanos = costNanos < left ? costNanos : left;
      left -= absorbedNanos;
      if (absorbedNanos === 0n) return attempt;
      const wasteNanos = attempt.wasteNanos > absorbedNanos ? attempt.wasteNanos - absorbedNanos : 0n;
      return { ...attempt, absorbedNanos, wasteNanos };
    })
    .toReversed();
}
