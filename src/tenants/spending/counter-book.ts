import type { BudgetRule, Spender, SpendingRules, SpendingScope } from './contract.ts';
import { Counter } from './counter.ts';
import { PeriodCalendar, type PeriodSpan } from './period.ts';
import { RuleIndex } from './rule-index.ts';
import { subjectOf } from './subject.ts';

/** A rule with the counters of its subjects. */
interface RuleEntry {
  rule: BudgetRule;
  readonly counters: Map<string, Counter>;
}

/** Scopes in the time zone of their customer; jobs and the organisation belong to none. */
const zonedByCustomer: ReadonlySet<SpendingScope> = new Set([
  'token',
  'key',
  'endUser',
  'project',
  'customer',
  'wallet',
]);

/** What a book of counters needs to know. */
export interface CounterBookSettings {
  /** Soft budgets are counted here only where no projector counts them. */
  readonly countsSoft: boolean;
  readonly maxCounters: number;
  /** A counter is new, or its limit has changed. */
  limit(counter: Counter): void;
  /** Nobody can reach the counter any more: its lease goes back. */
  retire(counter: Counter): void;
}

/** The counters of this gateway: found by spender, opened when first used, replaced when their period ends. */
export class CounterBook {
  readonly #settings: CounterBookSettings;
  readonly #calendar = new PeriodCalendar();
  #rules: SpendingRules = { budgets: [], rates: [], timeZone: 'UTC', timeZones: new Map() };
  #entries = new Map<string, RuleEntry>();
  #index = new RuleIndex<RuleEntry>([]);
  #tokens = new Map<string, RuleEntry>();
  #size = 0;

  constructor(settings: CounterBookSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#size;
  }

  /** Replaces the rules; counters of rules that remain keep what they count. */
  setRules(rules: SpendingRules): void {
    const entries = new Map<string, RuleEntry>();
    for (const rule of rules.budgets) {
      if (!rule.isHard && !this.#settings.countsSoft) continue;
      const known = this.#entries.get(rule.id);
      const isSame = known !== undefined && isSameCount(known.rule, rule);
      if (isSame) this.#relimit(known, rule);
      entries.set(rule.id, isSame ? known : { rule, counters: new Map() });
    }
    const dropped = [...this.#entries.values()].filter((entry) => entries.get(entry.rule.id) !== entry);
    this.#rules = rules;
    this.#entries = entries;
    this.#index = new RuleIndex(entries.values());
    for (const entry of dropped) for (const counter of entry.counters.values()) this.#drop(entry, counter);
  }

  /** The counters of a spender, in the fixed order of scopes; undefined when no more can be kept. */
  countersOf(spender: Spender, atMs: number, nowMs: number): Counter[] | undefined {
    const counters: Counter[] = [];
    let isFull = false;
    const take = (entry: RuleEntry): void => {
      const counter = this.#counterOf(entry, spender, atMs);
      if (counter === undefined) isFull = true;
      else {
        counter.lastUsedMs = nowMs;
        counters.push(counter);
      }
    };
    if (spender.token !== undefined) take(this.#tokenEntry(spender, spender.token));
    this.#index.forEach(spender, take);
    return isFull ? undefined : counters;
  }

  /** Whether some hard rule limits the spender. */
  isHardLimited(spender: Spender): boolean {
    let isHard = spender.token !== undefined;
    this.#index.forEach(spender, ({ rule }) => {
      isHard ||= rule.isHard;
    });
    return isHard;
  }

  *[Symbol.iterator](): Generator<Counter> {
    for (const entry of this.#entries.values()) yield* entry.counters.values();
    for (const entry of this.#tokens.values()) yield* entry.counters.values();
  }

  /** Lets go of counters whose period is over or that were idle for long; those with running exchanges stay. */
  sweep(atMs: number, idleBeforeMs: number): void {
    for (const entries of [this.#entries, this.#tokens]) {
      for (const [id, entry] of entries) {
        for (const counter of entry.counters.values()) {
          if (counter.heldNanos !== 0n || counter.wantedNanos !== 0n) continue;
          const isOver = counter.period.endMs <= atMs;
          const isIdle = counter.lastUsedMs < idleBeforeMs && !this.#settings.countsSoft;
          if (isOver || isIdle) this.#drop(entry, counter);
        }
        if (entries === this.#tokens && entry.counters.size === 0) this.#tokens.delete(id);
      }
    }
  }

  #relimit(entry: RuleEntry, rule: BudgetRule): void {
    const isChanged = entry.rule.limitNanos !== rule.limitNanos;
    entry.rule = rule;
    for (const counter of entry.counters.values()) {
      counter.rule = rule;
      if (isChanged) this.#settings.limit(counter);
    }
  }

  #counterOf(entry: RuleEntry, spender: Spender, atMs: number): Counter | undefined {
    const { rule, counters } = entry;
    const subject = subjectOf(rule.scope, rule.name === '*', spender);
    const current = counters.get(subject);
    if (current !== undefined && atMs >= current.period.startMs && atMs < current.period.endMs) return current;
    const period = this.#periodOf(rule, spender.customer, atMs);
    // Exchanges near the end of a period may be admitted after the first one of the next.
    if (current !== undefined && atMs < current.period.startMs) return this.#earlier(entry, subject, period);
    if (current !== undefined) counters.set(earlierKey(subject, current.period), current);
    return this.#open(entry, subject, new Counter(rule, subject, period));
  }

  #earlier(entry: RuleEntry, subject: string, period: PeriodSpan): Counter | undefined {
    const counterKey = earlierKey(subject, period);
    return entry.counters.get(counterKey) ?? this.#open(entry, counterKey, new Counter(entry.rule, subject, period));
  }

  #open(entry: RuleEntry, counterKey: string, counter: Counter): Counter | undefined {
    if (this.#size >= this.#settings.maxCounters) return undefined;
    this.#settings.limit(counter);
    entry.counters.set(counterKey, counter);
    this.#size++;
    return counter;
  }

  #drop(entry: RuleEntry, counter: Counter): void {
    for (const [counterKey, candidate] of entry.counters) {
      if (candidate !== counter) continue;
      entry.counters.delete(counterKey);
      this.#size--;
      break;
    }
    this.#settings.retire(counter);
  }

  #tokenEntry(spender: Spender, token: NonNullable<Spender['token']>): RuleEntry {
    const known = this.#tokens.get(token.id);
    if (known !== undefined) return known;
    const { id, limitNanos } = token;
    const rule: BudgetRule = {
      id: `token:${id}`,
      scope: 'token',
      name: id,
      customer: spender.customer,
      limitNanos,
      period: 'lifetime',
      isHard: true,
    };
    const entry = { rule, counters: new Map<string, Counter>() };
    this.#tokens.set(id, entry);
    return entry;
  }

  #periodOf(rule: BudgetRule, customer: string, atMs: number): PeriodSpan {
    return this.#calendar.periodAt(rule.period, atMs, timeZoneOf(rule, customer, this.#rules));
  }
}

function earlierKey(subject: string, period: PeriodSpan): string {
  return `${subject}\n${period.startMs}`;
}

/** The zone whose calendar a rule follows. */
export function timeZoneOf(
  rule: Pick<BudgetRule, 'scope' | 'timeZone'>,
  customer: string,
  rules: Pick<SpendingRules, 'timeZone' | 'timeZones'>,
): string {
  if (rule.timeZone !== undefined) return rule.timeZone;
  return (zonedByCustomer.has(rule.scope) ? rules.timeZones.get(customer) : undefined) ?? rules.timeZone;
}

/** Whether two versions of a rule count the same things, so that only the limit changed. */
function isSameCount(before: BudgetRule, after: BudgetRule): boolean {
  return (
    before.scope === after.scope &&
    before.name === after.name &&
    before.customer === after.customer &&
    before.period === after.period &&
    before.timeZone === after.timeZone &&
    before.isHard === after.isHard
  );
}
