import type { Charge, ChargeLine } from '../../domain/charges/charge.ts';
import type { PricedEndpoint } from '../../domain/calls/endpoint.ts';
import { amountText, explainRating, type RatingExplanation } from '../../domain/rating/explain-rating.ts';
import type { AttemptFact, FinalFact } from '../../domain/facts/facts.ts';
import { formatPpm, zeptosPerNano } from '../../domain/money/money.ts';
import { onePpm, type Plan } from '../../domain/charges/plan.ts';
import { rateAttempt } from '../../domain/rating/rate-attempt.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { chargeExchange } from '../money/charge-exchange.ts';

/** Where the versions are found that facts name. */
export interface VersionSources {
  /** Price and contract that rated an attempt; undefined when they are not known any more. */
  pricedBy(attempt: AttemptFact): PricedEndpoint | undefined;
  /** The plan that charged the exchange; undefined when it is not known. */
  readonly plan: Plan | undefined;
}

/** How one attempt came to its cost. */
export interface AttemptCost {
  readonly attempt: number;
  readonly host: string;
  readonly upstreamModel: string;
  readonly startedAtMs: number;
  readonly flags: readonly string[];
  /** What the journal says. */
  readonly costNanos: string | null;
  /** null: the attempt used nothing, or the versions that rated it are not known here. */
  readonly rating: RatingExplanation | null;
  /** Whether rating it again gives what the journal says; null when it could not be rated again. */
  readonly isConfirmed: boolean | null;
}

/** How an exchange came to its charge. */
export interface ExplainedCharge {
  readonly planVersionId: string;
  /** What the journal says. */
  readonly chargeNanos: string | null;
  readonly absorbedNanos: string;
  readonly isConfirmed: boolean | null;
  /** One step a line, before the only rounding. */
  readonly text: readonly string[];
}

/** The whole arithmetic of one exchange. */
export interface CostExplanation {
  readonly requestId: string;
  readonly status: string;
  readonly customer: string | null;
  readonly model: string | null;
  readonly attempts: readonly AttemptCost[];
  readonly costNanos: string | null;
  /** null while it runs, after a crash, and for exchanges of a time before plans. */
  readonly charge: ExplainedCharge | null;
  readonly marginNanos: string | null;
}

/** Repeats the arithmetic of an exchange from its facts and the versions they name, and says whether it agrees. */
export function explainCost(record: ExchangeRecord, sources: VersionSources): CostExplanation {
  const { open, final, costNanos } = record;
  const charge = final?.type === 'final' ? explainCharge(record, final, sources.plan) : undefined;
  const chargeNanos = record.chargeNanos ?? null;
  const hasMargin = final !== undefined && chargeNanos !== null && costNanos !== null;
  return {
    requestId: record.requestId,
    status: record.status,
    customer: open?.customer ?? (final?.type === 'final' ? final.customer : null),
    model: open?.model ?? (final?.type === 'final' ? final.model : null),
    attempts: record.attempts.map((attempt) => explainAttempt(attempt, sources.pricedBy(attempt))),
    costNanos,
    charge: charge ?? null,
    marginNanos: hasMargin ? (BigInt(chargeNanos) - BigInt(costNanos)).toString() : null,
  };
}

function explainAttempt(fact: AttemptFact, priced: PricedEndpoint | undefined): AttemptCost {
  const isUnpriced = fact.priceVersionId === undefined;
  const rating = priced || isUnpriced ? rateAttempt(fact, priced?.price, priced?.contract) : undefined;
  const { attempt, host, upstreamModel, startedAtMs, flags, costNanos } = fact;
  return {
    attempt,
    host,
    upstreamModel,
    startedAtMs,
    flags,
    costNanos,
    rating: rating ? explainRating(rating) : null,
    isConfirmed: rating ? (rating.costNanos?.toString() ?? null) === costNanos : null,
  };
}

function explainCharge(
  { open, attempts }: ExchangeRecord,
  final: FinalFact,
  plan: Plan | undefined,
): ExplainedCharge | undefined {
  const { planVersionId, chargeNanos = null, absorbedNanos = '0' } = final;
  if (planVersionId === undefined) return undefined;
  const told = { planVersionId, chargeNanos, absorbedNanos };
  if (plan?.versionId !== planVersionId) {
    return { ...told, isConfirmed: null, text: [`plan ${planVersionId} is not known here`] };
  }
  const saved = savedOf(final);
  const model = open?.model ?? final.model;
  const result = { status: final.status, inBand: final.inBand === true };
  const charge = chargeExchange({ plan, model, job: final.job, attempts, result, saved });
  const again = charge.chargeNanos?.toString() ?? null;
  return { ...told, isConfirmed: again === chargeNanos, text: chargeText(charge, plan) };
}

function savedOf({ cache, savedNanos, usage }: FinalFact): Parameters<typeof chargeExchange>[0]['saved'] {
  if (cache !== 'hit') return undefined;
  return { costNanos: savedNanos === undefined ? null : BigInt(savedNanos), usage };
}

function chargeText({ lines, unpriced, chargeNanos, absorbedNanos, wasteNanos }: Charge, plan: Plan): string[] {
  const text = lines.map((line) => lineText(line, plan));
  if (lines.length === 0) text.push('nothing is charged: no attempt brought the client anything');
  if (unpriced.length > 0) text.push(`the plan has no price for ${unpriced.join(', ')}`);
  if (absorbedNanos > 0n) text.push(`absorbed, charged to nobody: ${amountText(absorbedNanos)}`);
  if (wasteNanos > 0n) text.push(`failed tries, not charged: ${amountText(wasteNanos)}`);
  text.push(
    chargeNanos === null ? 'charge: unknown' : `charge: ${amountText(chargeNanos)}, rounded once, half to even`,
  );
  return text;
}

function lineText({ rule, zeptos, bucket, units, picosPerUnit, costNanos, label }: ChargeLine, plan: Plan): string {
  const name = [rule, label, bucket].filter((part) => part !== undefined).join(' ');
  const sum = `${nanosText(zeptos)} nano-USD`;
  if (costNanos !== undefined) {
    // An answer from the cache is charged a share of what the original cost.
    const factor =
      zeptos === costNanos * onePpm * (onePpm + plan.markupPpm) ? '' : ` × ${formatPpm(plan.cachedRatioPpm)}`;
    return `${name}: cost ${costNanos}${factor} × ${formatPpm(onePpm + plan.markupPpm)} = ${sum}`;
  }
  if (units !== undefined && picosPerUnit !== undefined) return `${name}: ${units} × ${picosPerUnit} pico-USD = ${sum}`;
  return `${name}: ${sum}`;
}

/** Exact: what is below one nano stands behind the point. */
function nanosText(zeptos: bigint): string {
  const fraction = (zeptos % zeptosPerNano).toString().padStart(12, '0').replace(/0+$/, '');
  return `${zeptos / zeptosPerNano}${fraction === '' ? '' : `.${fraction}`}`;
}
