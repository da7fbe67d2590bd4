import type { OutcomeFact } from '../facts/facts.ts';

/** Channel on which gateways hear that there are outcomes to learn from. */
export const outcomesChannel = 'routing_outcomes';

/** What makes an outcome the same one, wherever and however often it is told. */
export function outcomeIdentity(fact: OutcomeFact): string {
  if (fact.outcomeId !== undefined) return fact.outcomeId;
  const { requestId, kind, value, source, atMs, idempotencyKey, retracts } = fact;
  if (idempotencyKey !== undefined) return `${requestId}/${idempotencyKey}`;
  return [requestId, kind, value ?? '', source, atMs, retracts ?? ''].join('/');
}
