import type { UsageBuckets } from '../../../domain/rating/usage.ts';
import type { AuditPrices, MatchKind, Offer } from '../prices/offer.ts';
import type { Turns } from './conversations.ts';
import { noName, type OpenSum, otherNames, ownText } from './dimension.ts';
import { type Hash64, hash64 } from './hash-table.ts';
import { type Nanos, NanosSum } from './nanos-sum.ts';
import { UsageCells } from './usage-cells.ts';

const maxJobs = 200;

/** Everything kept about one model of the log. */
export class ModelAccount {
  /** How the model is shown: host and model as the log names them. */
  readonly label: string;
  readonly offer: Offer | undefined;
  readonly match: MatchKind | undefined;
  readonly alternatives: readonly Offer[];
  readonly cells: UsageCells;
  /** Separates requests of this model from equal words to another. */
  readonly salt: Hash64;
  /** The sum of the model in the table of models, once it has one. */
  sum: OpenSum | undefined;
  readonly byDay = new Map<number, NanosSum>();
  readonly turns: Turns = new Map();
  /** Cost by job, to name the job that a proof should look at. */
  readonly #jobs = new Map<OpenSum, NanosSum>();
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  /** The largest input of a single call. */
  maxInput = 0;
  calls = 0;
  statedCalls = 0;
  readonly ours = new NanosSum();
  theirsNanos = 0n;
  earlyCalls = 0;
  readonly early = new NanosSum();
  readonly priced = new NanosSum();
  unknown: { calls: number; inputUnits: number; outputUnits: number; statedNanos: bigint | undefined } | undefined;

  constructor(names: { readonly hostName: string | undefined; readonly modelName: string }, prices: AuditPrices) {
    const found = prices.find(names.hostName, names.modelName);
    this.offer = found?.offer;
    this.match = found?.kind;
    this.alternatives = found ? prices.elsewhere(found.offer) : [];
    this.cells = new UsageCells(found ? [found.offer, ...this.alternatives] : []);
    this.label = ownText(labelOf(names, found?.offer.host));
    this.salt = hash64(this.label, 2);
  }

  /** Adds to the cost of a day. */
  addDay(day: number, costNanos: Nanos): void {
    let sum = this.byDay.get(day);
    if (!sum) this.byDay.set(day, (sum = new NanosSum()));
    sum.add(costNanos);
  }

  /** Adds to the cost of a job, named by its sum in the table of jobs. */
  addJob(job: OpenSum, costNanos: Nanos): void {
    let sum = this.#jobs.get(job);
    if (!sum) {
      if (this.#jobs.size >= maxJobs || job.name === noName || job.name === otherNames) return;
      this.#jobs.set(job, (sum = new NanosSum()));
    }
    sum.add(costNanos);
  }

  /** The job that most of the model's cost went to. */
  topJob(): string | undefined {
    let top: readonly [name: string, costNanos: bigint] | undefined;
    for (const [{ name }, { total }] of this.#jobs) if (!top || total > top[1]) top = [name, total];
    return top?.[0];
  }

  addUnknown(calls: number, units: { input: number; output: number }, statedNanos: bigint | undefined): void {
    this.unknown ??= { calls: 0, inputUnits: 0, outputUnits: 0, statedNanos: undefined };
    this.unknown.calls += calls;
    this.unknown.inputUnits += units.input;
    this.unknown.outputUnits += units.output;
    if (statedNanos !== undefined) this.unknown.statedNanos = (this.unknown.statedNanos ?? 0n) + statedNanos;
  }

  /** Why there is no price, in words that lead to one. */
  unknownReason(unpriced: UsageBuckets = {}): string {
    if (!this.offer) return 'no price of this name is known; give one with --prices';
    const buckets = Object.keys(unpriced).join(', ');
    return buckets === '' ? 'a bucket that was used has no price' : `no price for ${buckets}`;
  }
}

function labelOf(
  { hostName, modelName }: { readonly hostName: string | undefined; readonly modelName: string },
  foundHost: string | undefined,
): string {
  const host = foundHost ?? hostName;
  if (host === undefined) return modelName;
  const prefix = `${hostName ?? host}/`;
  const bare = modelName.startsWith(prefix) ? modelName.slice(prefix.length) : modelName;
  return bare.startsWith(`${host}/`) ? bare : `${host}/${bare}`;
}
