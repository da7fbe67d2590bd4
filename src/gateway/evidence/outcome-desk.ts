import type { OpenFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { outcomeWeight, standingOutcomes } from '../../domain/outcomes/outcome.ts';
import type { Journal } from '../../journal/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { OutcomeBook } from '../../routing/index.ts';
import { type ExchangeRecord, toExchangeRecord } from '../records/exchange-record.ts';
import { ExternalIds } from '../records/external-ids.ts';
import { outcomeEvidence } from './outcome-evidence.ts';

/** Evidence as it is told. */
export interface ToldOutcome {
  /** Our id of the request; or the client's own, in `externalId`. */
  readonly requestId?: string | undefined;
  readonly externalId?: string | undefined;
  /** Whose `externalId` it is, when the teller speaks for all. */
  readonly customer?: string | undefined;
  readonly kind: string;
  readonly value?: number | undefined;
  readonly label?: string | undefined;
  readonly amountNanos?: string | undefined;
  readonly minutesSaved?: number | undefined;
  readonly weight?: number | undefined;
  readonly source: string;
  readonly grader?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** When it happened; now when absent. */
  readonly atMs?: number | undefined;
  readonly retracts?: string | undefined;
  readonly supersedes?: string | undefined;
}

/** Who tells it, and about whose requests that one may speak. */
export interface OutcomeTeller {
  readonly name: string;
  /** Absent: of every customer. */
  readonly customer?: string | undefined;
  /** Only answers that this end user got. */
  readonly endUser?: string | undefined;
}

/** What became of it. */
export interface RecordedOutcome {
  readonly fact: OutcomeFact;
  /** Told before, under the same idempotency key: nothing was written. */
  readonly isRepeated: boolean;
}

/** What the desk writes to and looks things up in. */
export interface OutcomeDeskDeps {
  readonly journal: Journal;
  readonly outcomes: OutcomeBook;
  readonly clock: Clock;
  newId(prefix: string): string;
}

const maxPerRequest = 100;
const futureMs = 300_000;
const comparedFields = [
  'kind',
  'value',
  'label',
  'amountNanos',
  'minutesSaved',
  'source',
  'retracts',
  'supersedes',
] as const;

/**
 * Takes evidence in: makes it durable in the journal first, then lets routing learn from it. Late, repeated, corrected
 * and retracted outcomes are normal; what is refused changes nothing.
 */
export class OutcomeDesk {
  readonly #deps: OutcomeDeskDeps;
  readonly #externalIds = new ExternalIds();
  /** Told twice at the same time, an outcome is still one. Bounded by the calls in flight. */
  readonly #pending = new Map<string, Promise<RecordedOutcome | Fault>>();

  constructor(deps: OutcomeDeskDeps) {
    this.#deps = deps;
  }

  /** Remembers by which id of the client an exchange may be told of. */
  noteOpened(open: OpenFact): void {
    this.#externalIds.note(open);
  }

  /** What the gateway itself saw of an answer: written without waiting, and dropped when nothing can be written. */
  noteSeen(fact: Omit<OutcomeFact, 'outcomeId' | 'receivedAtMs' | 'postedBy'>): void {
    const { journal, outcomes, newId } = this.#deps;
    if (!journal.state().accepting) return;
    const seen = { ...fact, outcomeId: newId('out'), receivedAtMs: fact.atMs, postedBy: 'gateway' };
    journal.append(seen);
    outcomes.note(seen);
  }

  async tell(told: ToldOutcome, teller: OutcomeTeller): Promise<RecordedOutcome | Fault> {
    const key = keyOf(told, teller);
    if (key === undefined) return this.#record(told, teller, undefined);
    const running = this.#pending.get(key);
    if (running) {
      const first = await running;
      return Fault.is(first) ? first : repeatedOr(first.fact, told);
    }
    const recording = this.#record(told, teller, key).finally(() => this.#pending.delete(key));
    this.#pending.set(key, recording);
    return recording;
  }

  async #record(told: ToldOutcome, teller: OutcomeTeller, key: string | undefined): Promise<RecordedOutcome | Fault> {
    const { journal, outcomes, clock } = this.#deps;
    const known = key === undefined ? undefined : outcomes.posted(key);
    if (known) return repeatedOr(known, told);
    const nowMs = clock.nowMs();
    if (told.atMs !== undefined && told.atMs > nowMs + futureMs)
      return refused('An outcome cannot lie in the future.', 'atMs');
    const state = journal.state();
    if (!state.accepting) return new Fault('journal_full', { detail: state.reason });
    const record = await this.#find(told, teller);
    if (Fault.is(record)) return record;
    const before = outcomes.of(record.requestId);
    const problem = problemOf(told, teller, before);
    if (problem) return problem;
    const fact = this.#fact({ told: replacing(told, teller, before), teller, record, key, nowMs });
    await journal.commit(fact);
    outcomes.note(fact);
    return { fact, isRepeated: false };
  }

  async #find(told: ToldOutcome, teller: OutcomeTeller): Promise<ExchangeRecord | Fault> {
    const { externalId } = told;
    const byOwnId =
      externalId === undefined
        ? undefined
        : this.#externalIds.find(teller.customer ?? told.customer ?? 'default', externalId);
    const requestId = told.requestId ?? byOwnId;
    const named = told.requestId === undefined ? 'externalId' : 'requestId';
    const unknown = new Fault('not_found', { message: `There is no request ${told[named]}.`, param: named });
    if (requestId === undefined) return unknown;
    const record = toExchangeRecord(requestId, await this.#deps.journal.find(requestId));
    if (!record) return unknown;
    // Another's request does not exist for who asks.
    const { customer, endUser } = partiesOf(record);
    if (teller.customer !== undefined && customer !== teller.customer) return unknown;
    return teller.endUser !== undefined && endUser !== teller.endUser ? unknown : record;
  }

  #fact(made: {
    readonly told: ToldOutcome;
    readonly teller: OutcomeTeller;
    readonly record: ExchangeRecord;
    readonly key: string | undefined;
    readonly nowMs: number;
  }): OutcomeFact {
    const { told, teller, record, key, nowMs } = made;
    const { final, open, decision, requestId } = record;
    const { customer, endUser } = partiesOf(record);
    const { externalId: _, customer: __, idempotencyKey: ___, weight, atMs, ...said } = told;
    const model = final?.type === 'final' ? final.model : decision?.model;
    return {
      type: 'outcome',
      ...said,
      requestId,
      outcomeId: this.#deps.newId('out'),
      atMs: atMs ?? nowMs,
      receivedAtMs: nowMs,
      ...(weight !== undefined && { weight: boundedWeight(told, teller) }),
      ...(key !== undefined && { idempotencyKey: key }),
      ...(open?.job !== undefined && { job: open.job }),
      ...(model !== undefined && { model }),
      ...(final?.type === 'final' && final.host !== undefined && { host: final.host }),
      ...(customer !== undefined && { customer }),
      ...(endUser !== undefined && { endUser }),
      ...outcomeEvidence(record),
      postedBy: teller.name,
    };
  }
}

function partiesOf({ open, final }: ExchangeRecord): { customer: string | undefined; endUser: string | undefined } {
  const known = open ?? (final?.type === 'final' ? final : undefined);
  return { customer: known?.customer, endUser: known?.endUser };
}

/** Keys are their teller's own: another's outcome is neither found nor hindered by them. */
function keyOf({ idempotencyKey }: ToldOutcome, { customer, endUser }: OutcomeTeller): string | undefined {
  if (idempotencyKey === undefined || customer === undefined) return idempotencyKey;
  return [customer, endUser, idempotencyKey].filter((one) => one !== undefined).join('/');
}

/** A repetition, or another outcome under the same key, which is a mistake. */
function repeatedOr(known: OutcomeFact, told: ToldOutcome): RecordedOutcome | Fault {
  const isSameRequest = told.requestId === undefined || told.requestId === known.requestId;
  const isSame = isSameRequest && comparedFields.every((field) => known[field] === told[field]);
  if (isSame) return { fact: known, isRepeated: true };
  const message = 'This idempotency key was used for another outcome; take a new key.';
  return new Fault('conflict', { message, param: 'Idempotency-Key' });
}

function problemOf(
  { retracts, supersedes }: ToldOutcome,
  teller: OutcomeTeller,
  before: readonly OutcomeFact[],
): Fault | undefined {
  if (before.length >= maxPerRequest)
    return new Fault('conflict', { message: `This request has ${maxPerRequest} outcomes; it takes no more.` });
  for (const [param, id] of [
    ['retracts', retracts],
    ['supersedes', supersedes],
  ] as const) {
    if (id === undefined) continue;
    const known = before.find(({ outcomeId }) => outcomeId === id);
    const isOthers = teller.customer !== undefined && known?.postedBy !== teller.name;
    if (!known || isOthers) return new Fault('not_found', { message: `This request has no outcome ${id}.`, param });
  }
  return undefined;
}

/** An end user who changes its mind has one thumb, not two. */
function replacing(told: ToldOutcome, teller: OutcomeTeller, before: readonly OutcomeFact[]): ToldOutcome {
  if (teller.endUser === undefined || told.retracts !== undefined || told.supersedes !== undefined) return told;
  const earlier = standingOutcomes(before).findLast(
    ({ kind, postedBy }) => kind === told.kind && postedBy === teller.name,
  );
  return earlier?.outcomeId === undefined ? told : { ...told, supersedes: earlier.outcomeId };
}

/** The organisation may say how reliable its sources are; its customers at most as reliable as such evidence is. */
function boundedWeight(told: ToldOutcome, { customer }: OutcomeTeller): number {
  const asked = outcomeWeight(told);
  if (customer === undefined) return asked;
  return Math.min(asked, outcomeWeight({ kind: told.kind, ...(told.value !== undefined && { value: told.value }) }));
}

function refused(message: string, param: string): Fault {
  return new Fault('invalid_request', { message, param });
}
