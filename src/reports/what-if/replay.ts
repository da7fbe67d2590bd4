import { divideHalfEven } from '../../domain/money/money.ts';
import { ExactSums } from './exact-sums.ts';
import { type LogColumns, rowFlags } from './log-columns.ts';
import { bestCandidate, type Circumstance, costElsewhere, placeOf, unchanged } from './redecide.ts';
import type { CustomerEffect, Scenario } from './what-if-report.ts';

/** `moved`: another host answers with the same model; `unserved`: nobody answers. */
export type Outcome = 'same' | 'moved' | 'unserved';

/** What happens to a row whose routing stays as it was. */
export interface FrozenRule {
  /** Whether the question touches the row at all. */
  isAffected(row: number): boolean;
  outcomeOf(row: number): Outcome;
}

/** A question as the replay takes it. */
export interface Replay {
  readonly circumstance: Circumstance;
  /** Exact factor on the cost of affected rows, in parts per million. */
  readonly ratioPpm: bigint;
  readonly frozen: FrozenRule;
  /** Whether a row that is sent to this model is answered: hosts have limits. */
  hasRoom(row: number, model: number): boolean;
}

/** Both ways of routing, with what they mean for customers. */
export interface ReplayResult {
  readonly costNanos: bigint;
  readonly affectedNanos: bigint;
  readonly unpriced: number;
  readonly undecided: number;
  readonly frozen: Scenario;
  readonly redecided: Scenario;
  readonly customers: readonly CustomerEffect[];
}

const million = 1_000_000n;

/** Replays every row once; sums are exact integers, rounded once per customer and once in all. */
export function replayLog(log: LogColumns, replay: Replay): ReplayResult {
  const tally = new Tally(log);
  const usual = unchanged(log.models.size);
  for (let row = 0; row < log.count; row++) {
    const isAffected = replay.frozen.isAffected(row);
    tally.note(row, isAffected);
    const outcome = isAffected ? replay.frozen.outcomeOf(row) : 'same';
    if (outcome !== 'same') tally.freeze(row, outcome);
    redecide(row, { isAffected, outcome }, { log, replay, usual, tally });
  }
  return tally.result(replay.ratioPpm);
}

function redecide(
  row: number,
  { isAffected, outcome }: { readonly isAffected: boolean; readonly outcome: Outcome },
  of: { log: LogColumns; replay: Replay; usual: Circumstance; tally: Tally },
): void {
  const { log, replay, usual, tally } = of;
  const model = log.model[row] ?? 0;
  const { isGone } = replay.circumstance;
  // A model whose hosts are full is as good as gone for this one request.
  const wasGone = isGone[model] ?? 0;
  if (outcome === 'unserved') isGone[model] = 1;
  const next = bestCandidate(log, row, replay.circumstance);
  isGone[model] = wasGone;
  // The logged choice may have been exploration or a warm cache: it moves only when the best itself moves.
  const moves = next >= 0 && (outcome === 'unserved' || next !== bestCandidate(log, row, usual));
  const to = moves ? (log.candidateModel[next] ?? model) : model;
  if ((outcome === 'unserved' && !moves) || (isAffected && !replay.hasRoom(row, to))) {
    tally.lose(row);
    return;
  }
  if (to === model) {
    tally.stay(row, isAffected, outcome === 'moved');
    return;
  }
  const cost = costElsewhere(log, row, next) * (replay.circumstance.costFactor[to] ?? 1);
  const from = placeOf(log, row, model);
  const gain = from < 0 ? 0 : (log.candidateQuality[next] ?? 0) - (log.candidateQuality[from] ?? 0);
  tally.move(row, Math.round(cost), gain);
}

/** Places of a customer in the sums: what has a charge of its own, and what is charged at cost. */
const placesPerCustomer = 2;

class Tally {
  readonly #log: LogColumns;
  readonly #all: ExactSums;
  readonly #affected: ExactSums;
  readonly #charge: ExactSums;
  readonly #frozenLost: ExactSums;
  readonly #frozenLostCharge: ExactSums;
  /** Re-decided: what costs as before or is known anew, and what the factor applies to. */
  readonly #plain: ExactSums;
  readonly #scaled: ExactSums;
  readonly #lostCharge: ExactSums;
  readonly #requests: Uint32Array;
  readonly #unservedOf: Uint32Array;
  readonly #frozenCounts = { moved: 0, unserved: 0, successDelta: 0 };
  readonly #counts = { moved: 0, unserved: 0, successDelta: 0 };
  #unpriced = 0;
  #undecided = 0;

  constructor(log: LogColumns) {
    const size = log.customers.size;
    const sums = (): ExactSums => new ExactSums(size * placesPerCustomer);
    this.#log = log;
    [this.#all, this.#affected, this.#charge, this.#frozenLost] = [sums(), sums(), sums(), sums()];
    [this.#frozenLostCharge, this.#plain, this.#scaled, this.#lostCharge] = [sums(), sums(), sums(), sums()];
    this.#requests = new Uint32Array(size);
    this.#unservedOf = new Uint32Array(size);
  }

  note(row: number, isAffected: boolean): void {
    const { customer, flags, cost, charge, candidateStart } = this.#log;
    const who = customer[row] ?? 0;
    this.#requests[who] = (this.#requests[who] ?? 0) + 1;
    if (((flags[row] ?? 0) & rowFlags.unpriced) !== 0) this.#unpriced++;
    if (candidateStart[row] === candidateStart[row + 1]) this.#undecided++;
    const place = this.#placeOf(row);
    this.#all.add(place, cost[row] ?? 0);
    this.#charge.add(place, charge[row] ?? 0);
    if (isAffected) this.#affected.add(place, cost[row] ?? 0);
  }

  freeze(row: number, outcome: Outcome): void {
    if (outcome === 'moved') this.#frozenCounts.moved++;
    if (outcome !== 'unserved') return;
    this.#frozenCounts.unserved++;
    this.#frozenLost.add(this.#placeOf(row), this.#log.cost[row] ?? 0);
    this.#frozenLostCharge.add(this.#placeOf(row), this.#log.charge[row] ?? 0);
  }

  /** Re-decided: the same model answers, perhaps on another host. */
  stay(row: number, isAffected: boolean, isMoved = false): void {
    if (isMoved) this.#counts.moved++;
    (isAffected ? this.#scaled : this.#plain).add(this.#placeOf(row), this.#log.cost[row] ?? 0);
  }

  move(row: number, costNanos: number, successGain: number): void {
    this.#counts.moved++;
    this.#counts.successDelta += successGain;
    this.#plain.add(this.#placeOf(row), costNanos);
  }

  lose(row: number): void {
    const who = this.#log.customer[row] ?? 0;
    this.#counts.unserved++;
    this.#unservedOf[who] = (this.#unservedOf[who] ?? 0) + 1;
    this.#lostCharge.add(this.#placeOf(row), this.#log.charge[row] ?? 0);
  }

  result(ratioPpm: bigint): ReplayResult {
    const scaled = (amount: bigint): bigint => divideHalfEven(amount * ratioPpm, million);
    const costNanos = this.#all.total();
    const affectedNanos = this.#affected.total();
    const frozenNanos = costNanos - affectedNanos + scaled(affectedNanos - this.#frozenLost.total());
    const redecidedNanos = this.#plain.total() + scaled(this.#scaled.total());
    return {
      costNanos,
      affectedNanos,
      unpriced: this.#unpriced,
      undecided: this.#undecided,
      frozen: scenario(frozenNanos, costNanos, this.#frozenCounts),
      redecided: scenario(redecidedNanos, costNanos, this.#counts),
      customers: this.#log.customers
        .all()
        .map((customer, who) => this.#customer(customer, who, scaled))
        .sort((left, right) => compare(left.frozenMarginDeltaNanos, right.frozenMarginDeltaNanos)),
    };
  }

  #placeOf(row: number): number {
    const isPassedOn = ((this.#log.flags[row] ?? 0) & rowFlags.passedOn) !== 0;
    return (this.#log.customer[row] ?? 0) * placesPerCustomer + (isPassedOn ? 1 : 0);
  }

  /** What is charged at cost has no margin to lose: it moves with the cost. */
  #customer(customer: string, who: number, scaled: (amount: bigint) => bigint): CustomerEffect {
    const own = who * placesPerCustomer;
    const cost = this.#all.of(own);
    const affected = this.#affected.of(own);
    const frozen = cost - affected + scaled(affected - this.#frozenLost.of(own));
    const redecided = this.#plain.of(own) + scaled(this.#scaled.of(own));
    return {
      customer,
      requests: this.#requests[who] ?? 0,
      costNanos: cost + this.#all.of(own + 1),
      marginNanos: this.#charge.of(own) - cost,
      frozenMarginDeltaNanos: cost - frozen - this.#frozenLostCharge.of(own),
      redecidedMarginDeltaNanos: cost - redecided - this.#lostCharge.of(own),
      unserved: this.#unservedOf[who] ?? 0,
    };
  }
}

function scenario(
  costNanos: bigint,
  loggedNanos: bigint,
  counts: Pick<Scenario, 'moved' | 'unserved' | 'successDelta'>,
): Scenario {
  const deltaNanos = costNanos - loggedNanos;
  const changePpm = loggedNanos === 0n ? undefined : roundedRatio(deltaNanos * million, loggedNanos);
  return { costNanos, deltaNanos, changePpm, ...counts };
}

function roundedRatio(amount: bigint, whole: bigint): bigint {
  return amount < 0n ? -divideHalfEven(-amount, whole) : divideHalfEven(amount, whole);
}

function compare(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
