import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Database } from '../../storage/index.ts';
import type { SpendingNotice } from './contract.ts';
import type { Counter } from './counter.ts';
import { beat, type GatewayRun, type LiveGateways, registerGateway } from './gateway-registry.ts';
import type { LeaseSource, RefillNeed, RefillOutcome } from './lease-source.ts';
import { grantLease, type LeaseView, lookAtCounter, returnLease } from './lease-statements.ts';

/** How a gateway leases. */
export interface DatabaseLeasesSettings {
  /** Undefined while it is starting. */
  database(): Database | undefined;
  readonly gatewayId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One gateway alone owns whole budgets, without expiry; several own chunks that expire. */
  readonly mode: 'whole' | 'chunked';
  readonly ttlMs?: number;
  /** A request waits no longer than this for a lease. */
  readonly answerWithinMs?: number;
  notice?(notice: SpendingNotice): void;
}

const defaultTtlMs = 10_000;
const defaultAnswerWithinMs = 3_000;
/** Stop using leases this long before others may think them in doubt. */
const marginMs = 2_000;
/** A refusal of the database holds this long: others give back within their next second. */
const refusalMs = 100;
const outageMs = 500;
/** A chunk is at most 4 % of what is left of the budget. */
const chunkDivisor = 25n;
const maxAttempts = 8;

/** This gateway's share of budgets, leased from the database by conditional updates. */
export class DatabaseLeases implements LeaseSource {
  readonly #settings: DatabaseLeasesSettings;
  readonly #ttlMs: number;
  /** By counter, what is under way: statements about one counter never overtake each other. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #refills = new Map<Counter, Promise<RefillOutcome>>();
  #run: GatewayRun | undefined;
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #awayUntilMs = 0;
  #isSuperseded = false;

  constructor(settings: DatabaseLeasesSettings) {
    this.#settings = settings;
    this.#ttlMs = settings.ttlMs ?? defaultTtlMs;
  }

  /** The current run; undefined before the database was reached for the first time. */
  get run(): GatewayRun | undefined {
    return this.#run;
  }

  isValid(): boolean {
    if (this.#run === undefined || this.#isSuperseded) return false;
    return this.#settings.mode === 'whole' || this.#settings.clock.monotonicMs() < this.#validUntilMs;
  }

  /**
   * Renews the run and gives back what the last second did not need. Answers which gateways are live, undefined when
   * that is not known: then shares stay as they are.
   */
  async tick(counters: Iterable<Counter>): Promise<LiveGateways | undefined> {
    const { clock, logger } = this.#settings;
    const database = this.#settings.database();
    if (database === undefined) return undefined;
    try {
      const live = await this.#renew(database, counters);
      if (this.#settings.mode === 'chunked') await this.#giveBackIdle(counters);
      return live;
    } catch (error) {
      this.#awayUntilMs = clock.monotonicMs() + outageMs;
      logger.warn({ error: String(error) }, 'budget leases could not be renewed');
      return undefined;
    }
  }

  async refill(counter: Counter, { amountNanos, wantedNanos }: RefillNeed): Promise<RefillOutcome> {
    const nowMs = this.#settings.clock.monotonicMs();
    if (!this.isValid() || nowMs < this.#awayUntilMs) return 'unavailable';
    if (this.#settings.database()?.isAvailable() === false) return 'unavailable';
    const { refusedNanos } = counter;
    if (refusedNanos !== undefined && amountNanos >= refusedNanos && nowMs < counter.refusedUntilMs) return 'exhausted';
    counter.wantedNanos += wantedNanos;
    try {
      const running = this.#refills.get(counter);
      if (running === undefined) return await this.#begin(counter, amountNanos);
      const outcome = await running;
      // What was refused to a larger request may fit a smaller one: it asks for itself.
      const isForUs = outcome === 'unavailable' || amountNanos >= (counter.refusedNanos ?? 0n);
      return isForUs ? outcome : 'granted';
    } finally {
      counter.wantedNanos -= wantedNanos;
    }
  }

  foresee(counter: Counter): void {
    if (this.#settings.mode === 'whole' || counter.view === undefined || this.#refills.has(counter)) return;
    const halfNanos = counter.burnNanos >> 1n;
    if (halfNanos === 0n || counter.unusedNanos >= halfNanos) return;
    const { limitNanos, spentNanos, leasedNanos } = counter.view;
    const isNearLimit = (limitNanos - spentNanos - leasedNanos) / chunkDivisor < halfNanos;
    if (!isNearLimit && this.isValid()) void this.#begin(counter, 0n);
  }

  giveBack(counter: Counter): void {
    const amountNanos = counter.unusedNanos;
    if (amountNanos > 0n) void this.#return(counter, amountNanos);
  }

  /** Gives back everything unused; what runs on is settled from the journal. */
  async close(counters: Iterable<Counter>): Promise<void> {
    for (const counter of counters) {
      if (counter.unusedNanos > 0n) await this.#return(counter, counter.unusedNanos);
    }
    await Promise.allSettled(this.#underWay.values());
  }

  async #renew(database: Database, counters: Iterable<Counter>): Promise<LiveGateways | undefined> {
    const { clock, gatewayId, notice, logger } = this.#settings;
    const askedAtMs = clock.monotonicMs();
    if (this.#run === undefined) this.#run = await registerGateway(database, gatewayId, this.#ttlMs);
    const answer = await beat(database, this.#run, this.#ttlMs);
    if (!answer.isFenced) {
      this.#validUntilMs = askedAtMs + this.#ttlMs - marginMs;
      return answer.live;
    }
    notice?.({ kind: 'fenced', subject: gatewayId });
    logger.error({ gatewayId, epoch: String(this.#run.epoch) }, 'the leases of this gateway were taken from it');
    this.#isSuperseded = answer.isSuperseded;
    if (!answer.isSuperseded) {
      this.#run = await registerGateway(database, gatewayId, this.#ttlMs);
      for (const counter of counters) forgetLease(counter);
      this.#validUntilMs = askedAtMs + this.#ttlMs - marginMs;
    }
    return undefined;
  }

  async #giveBackIdle(counters: Iterable<Counter>): Promise<void> {
    const returns: Promise<void>[] = [];
    for (const counter of counters) {
      counter.burnNanos = counter.admittedNanos;
      counter.admittedNanos = 0n;
      const spareNanos = counter.unusedNanos - keptNanos(counter);
      if (spareNanos > 0n && counter.wantedNanos === 0n) returns.push(this.#return(counter, spareNanos));
    }
    await Promise.all(returns);
  }

  #begin(counter: Counter, amountNanos: bigint): Promise<RefillOutcome> {
    const { clock, logger } = this.#settings;
    const asked = this.#inTurn(counter, () => this.#ask(counter, amountNanos));
    const refill = withinDeadline(asked, this.#settings.answerWithinMs ?? defaultAnswerWithinMs).then(
      (outcome) => outcome,
      (error: unknown): RefillOutcome => {
        this.#awayUntilMs = clock.monotonicMs() + outageMs;
        logger.warn({ error: String(error), budget: counter.rule.id }, 'a budget lease could not be refilled');
        return 'unavailable';
      },
    );
    this.#refills.set(counter, refill);
    return refill.finally(() => this.#refills.delete(counter));
  }

  async #ask(counter: Counter, amountNanos: bigint): Promise<RefillOutcome> {
    const { clock } = this.#settings;
    const run = this.#run;
    const database = this.#settings.database();
    if (run === undefined || database === undefined) return 'unavailable';
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const missingNanos = amountNanos - counter.unusedNanos;
      if (missingNanos <= 0n && amountNanos > 0n) return 'granted';
      const chunkNanos = this.#chunk(counter, missingNanos > 0n ? missingNanos : 1n);
      if (chunkNanos !== undefined) {
        const view = await grantLease(database, run, { counter, amountNanos: chunkNanos });
        if (view !== undefined) return accept(counter, view, chunkNanos);
      }
      const view = await lookAtCounter(database, run, counter);
      if (view === undefined) return 'unavailable';
      counter.view = view;
      const freeNanos = view.limitNanos - view.spentNanos - view.leasedNanos;
      const shortNanos = amountNanos - counter.unusedNanos;
      if (freeNanos >= shortNanos && freeNanos > 0n) continue;
      if (amountNanos > 0n) {
        counter.refusedNanos = amountNanos;
        counter.refusedUntilMs = clock.monotonicMs() + refusalMs;
      }
      return freeNanos + view.inDoubtNanos >= shortNanos && view.inDoubtNanos > 0n ? 'in_doubt' : 'exhausted';
    }
    return 'granted';
  }

  /** How much to lease: enough for what is missing, a second's burn if the budget is large; undefined before a look. */
  #chunk(counter: Counter, missingNanos: bigint): bigint | undefined {
    if (counter.view === undefined) return undefined;
    const { limitNanos, spentNanos, leasedNanos } = counter.view;
    const freeNanos = limitNanos - spentNanos - leasedNanos;
    if (freeNanos < missingNanos) return undefined;
    if (this.#settings.mode === 'whole') return freeNanos;
    const shareNanos = freeNanos / chunkDivisor;
    // Twice what is known to be needed: while one answer is under way, the next requests arrive.
    const needNanos = counter.burnNanos > counter.wantedNanos ? counter.burnNanos : counter.wantedNanos;
    const wishNanos = 2n * needNanos;
    const chunkNanos = wishNanos < shareNanos ? wishNanos : shareNanos;
    return chunkNanos > missingNanos ? chunkNanos : missingNanos;
  }

  async #return(counter: Counter, amountNanos: bigint): Promise<void> {
    const { logger } = this.#settings;
    const run = this.#run;
    const database = this.#settings.database();
    if (run === undefined || database === undefined) return;
    // From now on nobody here uses it, whatever becomes of the statement.
    counter.ceilingNanos -= amountNanos;
    counter.returningNanos += amountNanos;
    try {
      await this.#inTurn(counter, () => returnLease(database, run, { counter, amountNanos }));
    } catch (error) {
      logger.warn({ error: String(error), budget: counter.rule.id }, 'a budget lease could not be given back');
    } finally {
      counter.returningNanos -= amountNanos;
    }
  }

  async #inTurn<Result>(counter: Counter, work: () => Promise<Result>): Promise<Result> {
    const key = `${counter.rule.id}\n${counter.subject}\n${counter.period.startMs}`;
    const before = this.#underWay.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#underWay.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(key) === mine) this.#underWay.delete(key);
    }
  }
}

/** A database that hangs is as good as none; what it grants later counts when it answers again. */
async function withinDeadline<Result>(asked: Promise<Result>, deadlineMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([asked, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The database's total is the truth: it also holds what an answer that never arrived had granted. */
function accept(counter: Counter, view: LeaseView, chunkNanos: bigint): RefillOutcome {
  // What this run was granted before the counter was opened here has been used or given back.
  if (!counter.isLeased) counter.usedNanos += view.grantedNanos - chunkNanos;
  counter.isLeased = true;
  counter.ceilingNanos = view.grantedNanos - counter.returningNanos;
  counter.view = view;
  counter.refusedNanos = undefined;
  return 'granted';
}

/** What the next second may need; twice that while the budget is far from its end, to lease less often. */
function keptNanos({ burnNanos, view }: Counter): bigint {
  if (view === undefined) return burnNanos;
  const freeNanos = view.limitNanos - view.spentNanos - view.leasedNanos;
  return freeNanos / chunkDivisor > burnNanos ? 3n * burnNanos : burnNanos;
}

/** After a fence: what was used but not projected, and what is held, must be leased anew. */
function forgetLease(counter: Counter): void {
  const settledNanos = counter.view?.settledNanos ?? 0n;
  counter.usedNanos = counter.usedNanos > settledNanos ? counter.usedNanos - settledNanos : 0n;
  counter.ceilingNanos = -counter.returningNanos;
  counter.view = undefined;
}
