import type {
  AbortFact,
  AttemptFact,
  DecisionFact,
  Fact,
  FinalFact,
  OpenFact,
  OutcomeFact,
} from '../../domain/facts/facts.ts';

/** Everything known of one exchange, from its facts. */
export interface ExchangeRecord {
  readonly requestId: string;
  readonly status: 'running' | FinalFact['status'];
  readonly open: OpenFact | undefined;
  readonly decision: DecisionFact | undefined;
  readonly attempts: readonly AttemptFact[];
  readonly final: FinalFact | AbortFact | undefined;
  readonly outcomes: readonly OutcomeFact[];
  /** Sum over all attempts; null when a price is unknown. */
  readonly costNanos: string | null;
  /** What the customer owes for it; absent while it runs, null when a price is unknown. */
  readonly chargeNanos?: string | null | undefined;
}

/** Gathers the facts of one exchange into a record; undefined when there are none. */
export function toExchangeRecord(requestId: string, facts: readonly Fact[]): ExchangeRecord | undefined {
  if (facts.length === 0) return undefined;
  const attempts = facts.filter((fact) => fact.type === 'attempt');
  const final = facts.find((fact) => fact.type === 'final' || fact.type === 'abort');
  return {
    requestId,
    status: statusOf(final),
    open: facts.find((fact) => fact.type === 'open'),
    decision: facts.find((fact) => fact.type === 'decision'),
    attempts,
    final,
    outcomes: facts.filter((fact) => fact.type === 'outcome'),
    costNanos: final ? final.costNanos : sumCost(attempts),
    chargeNanos: final?.type === 'final' ? final.chargeNanos : final?.costNanos,
  };
}

function statusOf(final: FinalFact | AbortFact | undefined): ExchangeRecord['status'] {
  if (final === undefined) return 'running';
  return final.type === 'abort' ? 'aborted' : final.status;
}

function sumCost(attempts: readonly AttemptFact[]): string | null {
  let sum = 0n;
  for (const { costNanos } of attempts) {
    if (costNanos === null) return null;
    sum += BigInt(costNanos);
  }
  return sum.toString();
}
