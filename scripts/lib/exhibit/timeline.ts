import { createSeededRandom } from '../../../src/platform/random.ts';
import type { BenchRow, BenchSet } from '../../../src/cli/offline/bench-routing/load-set.ts';
import { percentiles, resampleCounts, shuffled } from '../../../src/cli/offline/bench-routing/intervals.ts';
import { adopt, type Adoption } from './adopt.ts';
import { type DatedPrice, priceOn } from './price-history.ts';
import type { Release } from './release-dates.ts';

/** The ways of choosing that are compared. */
export const ways = ['incumbent held', 'static best known', 'Switchyard'] as const;
/** One of them. */
export type Way = (typeof ways)[number];

/** A mean with its 95% interval over prompts. */
export interface Figure {
  readonly mean: number;
  readonly interval: readonly [number, number];
}

/** A stretch of days in which nothing changed. */
export interface Stretch {
  readonly from: string;
  readonly days: number;
  readonly why: string;
  /** Per way and job: who answers. */
  readonly models: Readonly<Record<Way, Readonly<Record<string, string>>>>;
  /** USD per 1,000 requests, and share of success. */
  readonly figures: Readonly<Record<Way, { readonly usd: Figure; readonly quality: Figure }>>;
}

/** One set replayed along the calendar. */
export interface Timeline {
  readonly set: string;
  readonly incumbent: string;
  readonly from: string;
  readonly to: string;
  readonly items: Readonly<Record<string, number>>;
  readonly leftOut: readonly string[];
  /** Models whose release date is well known, but was read on no page. */
  readonly unreadDates: readonly string[];
  readonly pricedByHistory: readonly string[];
  readonly stretches: readonly Stretch[];
  readonly adoptions: readonly Adoption[];
  readonly total: Readonly<Record<Way, { readonly usd: Figure; readonly quality: Figure }>>;
}

/** What a timeline is made from. */
export interface TimelineInput {
  readonly set: BenchSet;
  /** Graded when a model arrives. */
  readonly items: readonly BenchRow[];
  /** Answered by whoever leads the job; no adoption has seen it. */
  readonly traffic: readonly BenchRow[];
  readonly incumbent: string;
  readonly to: string;
  readonly releases: readonly Release[];
  readonly prices: ReadonlyMap<string, readonly DatedPrice[]>;
  /** Most items graded for one decision. */
  readonly mostItems: number;
  readonly seed: number;
}

const dayMs = 86_400_000;
const resamples = 1000;

/** Replays one set: models arrive, prices move, each job decides for itself. */
export function timelineOf(input: TimelineInput): Timeline {
  const { set, incumbent, releases, to } = input;
  const from = releases.find(({ model }) => model === incumbent)?.released ?? to;
  const known = releases.filter(({ model, released }) => set.models.includes(model) && released <= to);
  const jobs = [...new Set(input.traffic.map(({ job }) => job))].sort();
  const items = gradedItems(input, jobs);
  const leaders = new Map(jobs.map((job) => [job, incumbent]));
  const adoptions: Adoption[] = [];
  const stretches: Stretch[] = [];
  const days = eventDays(input, from, known);
  days.forEach((day, at) => {
    const arrived = known.filter(
      ({ model, released }) => (at === 0 ? released <= day : released === day) && model !== incumbent,
    );
    const moved = at === 0 ? [] : movedPrices(input, day);
    for (const job of jobs)
      for (const model of [...arrived.map((one) => one.model), ...moved]) {
        if (model === leaders.get(job)) continue;
        const decided = decide(input, { job, day, candidate: model, incumbent: leaders.get(job) ?? incumbent, items });
        adoptions.push(decided);
        if (decided.verdict === 'adopted') leaders.set(job, model);
      }
    const available = known.filter(({ released }) => released <= day).map(({ model }) => model);
    const models: Record<Way, Record<string, string>> = {
      'incumbent held': Object.fromEntries(jobs.map((job) => [job, incumbent])),
      'static best known': Object.fromEntries(
        jobs.map((job) => [job, bestOf(input, { day, rows: items.get(job) ?? [], available })]),
      ),
      Switchyard: Object.fromEntries(leaders),
    };
    const until = Date.parse(days[at + 1] ?? to);
    const why = [...arrived.map(({ model }) => `${model} arrives`), ...moved.map((model) => `price of ${model} moves`)];
    const length = Math.round((until - Date.parse(day)) / dayMs);
    stretches.push({
      from: day,
      days: length,
      why: why.join(', '),
      models,
      figures: figuresOf(input, [{ day, days: 1, models }]),
    });
  });
  return {
    set: set.name,
    incumbent,
    from,
    to,
    items: Object.fromEntries([...items].map(([job, rows]) => [job, rows.length])),
    unreadDates: known.filter(({ readAt }) => readAt === undefined).map(({ model }) => model),
    leftOut: set.models.filter((model) => !known.some((one) => one.model === model)),
    pricedByHistory: known.map(({ model }) => model).filter((model) => input.prices.has(model)),
    stretches,
    adoptions,
    total: figuresOf(
      input,
      stretches.map(({ from: day, days: length, models }) => ({ day, days: length, models })),
    ),
  };
}

/** Items of each job that every decision is made on, drawn once. */
function gradedItems(input: TimelineInput, jobs: readonly string[]): ReadonlyMap<string, readonly BenchRow[]> {
  const random = createSeededRandom(input.seed);
  return new Map(
    jobs.map((job) => {
      const own = input.items.filter((row) => row.job === job);
      const order = Array.from(shuffled(own.length, random)).slice(0, input.mostItems);
      return [job, order.flatMap((at) => own[at] ?? [])] as const;
    }),
  );
}

function eventDays({ prices, to }: TimelineInput, from: string, known: readonly Release[]): string[] {
  const released = known.map((one) => one.released).filter((day) => day > from);
  const moved = known
    .flatMap(({ model }) => (prices.get(model) ?? []).map((one) => one.from))
    .filter((day) => day > from && day < to);
  return [from, ...new Set([...released, ...moved])].sort();
}

/** Models already released whose price moved today. */
function movedPrices({ prices, releases }: TimelineInput, day: string): string[] {
  return releases
    .filter(({ model, released }) => released < day && (prices.get(model) ?? []).some(({ from }) => from === day))
    .map(({ model }) => model);
}

function decide(
  input: TimelineInput,
  of: {
    job: string;
    day: string;
    candidate: string;
    incumbent: string;
    items: ReadonlyMap<string, readonly BenchRow[]>;
  },
): Adoption {
  const { job, day, candidate, incumbent, items } = of;
  const pairs = (items.get(job) ?? []).flatMap((row) => {
    const left = scoreOf(input, row, incumbent);
    const right = scoreOf(input, row, candidate);
    if (Number.isNaN(left) || Number.isNaN(right)) return [];
    return [
      {
        incumbent: left,
        candidate: right,
        incumbentNanos: nanosOf(input, { row, model: incumbent, day }),
        candidateNanos: nanosOf(input, { row, model: candidate, day }),
      },
    ];
  });
  return adopt({ job, day, candidate, incumbent, pairs });
}

function scoreOf({ set }: TimelineInput, row: BenchRow, model: string): number {
  return row.scores[set.models.indexOf(model)] ?? Number.NaN;
}

/** Cost of an answer at the price in force that day: the set's own cost where no history is recorded. */
function nanosOf({ set, prices }: TimelineInput, of: { row: BenchRow; model: string; day: string }): number {
  const at = set.models.indexOf(of.model);
  const cost = of.row.costs?.[at] ?? 0;
  const own = set.prices[at];
  const dated = priceOn(prices.get(of.model), of.day);
  if (!dated || !own || own.output <= 0) return cost;
  const outputTokens = Math.max(0, (cost - own.input * of.row.inputTokens) / own.output);
  return 1000 * (dated.input * of.row.inputTokens + dated.output * outputTokens);
}

/** The released model with the best mean on the same items; the cheaper of equals. */
function bestOf(
  input: TimelineInput,
  of: { day: string; rows: readonly BenchRow[]; available: readonly string[] },
): string {
  const ranked = of.available.map((model) => {
    const graded = of.rows.filter((row) => !Number.isNaN(scoreOf(input, row, model)));
    const score = graded.reduce((sum, row) => sum + scoreOf(input, row, model), 0) / Math.max(1, graded.length);
    const cost = graded.reduce((sum, row) => sum + nanosOf(input, { row, model, day: of.day }), 0);
    return { model, score, cost };
  });
  ranked.sort((left, right) => right.score - left.score || left.cost - right.cost);
  return ranked[0]?.model ?? input.incumbent;
}

/** Means over the traffic of all days, with intervals over prompts; all ways see the same resamples. */
function figuresOf(
  input: TimelineInput,
  stretches: readonly { day: string; days: number; models: Stretch['models'] }[],
): Stretch['figures'] {
  const { traffic } = input;
  const all = stretches.reduce((sum, { days }) => sum + days, 0);
  const entries = ways.map((way) => {
    const nanos = new Float64Array(traffic.length);
    const success = new Float64Array(traffic.length);
    for (const { day, days, models } of stretches)
      traffic.forEach((row, at) => {
        const model = models[way][row.job] ?? input.incumbent;
        const score = scoreOf(input, row, model);
        nanos[at] = (nanos[at] ?? 0) + (days / all) * nanosOf(input, { row, model, day });
        success[at] = (success[at] ?? 0) + (days / all) * (Number.isNaN(score) ? 0 : score);
      });
    return [way, { usd: figureOf(nanos, 1e-6, input.seed), quality: figureOf(success, 1, input.seed) }] as const;
  });
  return Object.fromEntries(entries) as Stretch['figures'];
}

function figureOf(values: Float64Array, factor: number, seed: number): Figure {
  const random = createSeededRandom(seed);
  const means = Float64Array.from({ length: resamples }, () => {
    const counts = resampleCounts(values.length, random);
    return (factor * values.reduce((sum, value, at) => sum + value * (counts[at] ?? 0), 0)) / values.length;
  });
  return {
    mean: (factor * values.reduce((sum, value) => sum + value, 0)) / values.length,
    interval: percentiles(means),
  };
}
