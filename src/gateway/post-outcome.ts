import type { OutcomeFact } from '../domain/facts.ts';
import { Fault } from '../domain/fault.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { OutcomeBook } from '../routing/index.ts';
import { toExchangeRecord } from './exchange-record.ts';
import { outcomeEvidence } from './outcome-evidence.ts';

/** Evidence as posted. */
export interface PostedOutcome {
  readonly requestId: string;
  readonly kind: string;
  readonly value?: number | undefined;
  readonly source: string;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Makes an outcome durable and lets routing learn from it; the same idempotency key again returns the first one.
 * `not_found` for an unknown request.
 */
export async function postOutcome(
  posted: PostedOutcome,
  deps: { readonly journal: Journal; readonly outcomes: OutcomeBook; readonly clock: Clock },
): Promise<OutcomeFact | Fault> {
  const known = posted.idempotencyKey === undefined ? undefined : deps.outcomes.posted(posted.idempotencyKey);
  if (known) return known;
  const record = toExchangeRecord(posted.requestId, await deps.journal.find(posted.requestId));
  if (!record)
    return new Fault('not_found', { message: `There is no request ${posted.requestId}.`, param: 'requestId' });
  const { final, open } = record;
  const fact: OutcomeFact = {
    type: 'outcome',
    ...posted,
    atMs: deps.clock.nowMs(),
    ...(open?.job !== undefined && { job: open.job }),
    ...(final?.type === 'final' && { model: final.model }),
    ...outcomeEvidence(record),
  };
  await deps.journal.commit(fact);
  deps.outcomes.note(fact);
  return fact;
}
