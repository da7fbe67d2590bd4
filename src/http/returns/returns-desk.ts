import { setTimeout as wait } from 'node:timers/promises';
import type { Catalog, ResolvedJob } from '../../catalog/index.ts';
import { parseUsdAsNanos } from '../../domain/money/money.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SuccessValue } from '../../reports/index.ts';
import { measureFromDisk } from './measure-from-disk.ts';
import type { JobQuestion, ReturnsAnswer, ReturnsQuestion } from './returns-question.ts';

/** What returns are measured from. */
export interface ReturnsDeps {
  readonly clock: Clock;
  readonly journalDirectory: string;
  currentCatalog(): Catalog;
  ruleOf(job: string): SuccessRule | undefined;
  /** Measures elsewhere; absent: from the journal on disk. */
  measure?(question: ReturnsQuestion): Promise<ReturnsAnswer>;
  troubled(error: unknown): void;
}

/** The last measurement of all jobs, for a page that is looked at often. */
export interface MeasuredReturns extends ReturnsAnswer {
  readonly measuredAtMs: number;
}

const dayMs = 86_400_000;
const shownDays = 30;
const usualMargin = 0.02;
/** Further exchanges are left out: the answer says so. */
const mostExchanges = 100_000;
const freshMs = 30_000;
/** A measurement is worth keeping for many times of what it took. */
const freshTimes = 20;
const firstWaitMs = 1_500;

/** Measures what jobs return, one question at a time: each reads the whole journal. */
export class ReturnsDesk {
  readonly #deps: ReturnsDeps;
  #before: Promise<unknown> = Promise.resolve();
  #latest: MeasuredReturns | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(deps: ReturnsDeps) {
    this.#deps = deps;
  }

  /** Answers when everything that was asked before is answered. */
  ask(about: Pick<ReturnsQuestion, 'fromMs' | 'toMs' | 'jobs' | 'rows'>): Promise<ReturnsAnswer> {
    const question: ReturnsQuestion = { ...about, mostExchanges };
    const measure = this.#deps.measure ?? ((asked) => measureFromDisk(this.#deps.journalDirectory, asked));
    const answer = this.#before.then(
      () => measure(question),
      () => measure(question),
    );
    this.#before = answer.catch(() => undefined);
    return answer;
  }

  /** All jobs of the last 30 days as measured last; undefined when the first measurement takes its time. */
  async latest(): Promise<MeasuredReturns | undefined> {
    const { clock, troubled } = this.#deps;
    if (clock.monotonicMs() >= this.#freshUntilMs) {
      this.#refreshing ??= this.#refresh()
        .catch(troubled)
        .finally(() => (this.#refreshing = undefined));
    }
    if (!this.#latest && this.#refreshing) await Promise.race([this.#refreshing, wait(firstWaitMs)]);
    return this.#latest;
  }

  /** What is asked about a job as it is configured now; undefined: there is no such job. */
  questionOf(name: string, baseline?: string): JobQuestion | undefined {
    const job = this.#deps.currentCatalog().job(name);
    return job && this.#questionOf(job, baseline);
  }

  /** The span that pages show. */
  span(): { readonly fromMs: number; readonly toMs: number } {
    const toMs = this.#deps.clock.nowMs();
    return { fromMs: toMs - shownDays * dayMs, toMs };
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const jobs = this.#deps
      .currentCatalog()
      .jobs()
      .flatMap((job) => this.#questionOf(job) ?? []);
    const span = this.span();
    const answer = jobs.length === 0 ? nothing : await this.ask({ ...span, jobs });
    const endedMs = clock.monotonicMs();
    this.#latest = { ...answer, measuredAtMs: span.toMs };
    this.#freshUntilMs = endedMs + Math.max(freshMs, freshTimes * (endedMs - startedMs));
  }

  #questionOf({ job, settings }: ResolvedJob, baseline = settings.floor?.incumbent): JobQuestion | undefined {
    const rule = this.#deps.ruleOf(job);
    if (!rule) return undefined;
    const margin = settings.floor?.margin ?? usualMargin;
    return { job, rule: rule.text, value: valueOf(settings.value), baseline, margin };
  }
}

const nothing: ReturnsAnswer = { jobs: [], rows: [], hasMore: false, leftOut: 0 };

function valueOf(value: ResolvedJob['settings']['value']): SuccessValue | undefined {
  const [lowNanos, midNanos, highNanos] = [value?.lowUsd, value?.midUsd, value?.highUsd].map((text) =>
    text === undefined ? undefined : parseUsdAsNanos(text),
  );
  if (lowNanos === undefined || midNanos === undefined || highNanos === undefined) return undefined;
  return { lowNanos, midNanos, highNanos };
}
