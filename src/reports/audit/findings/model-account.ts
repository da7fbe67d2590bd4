import type { UsageBuckets } from '../../../domain/usage.ts';
import type { AuditPrices, MatchKind, Offer } from '../prices/offer.ts';
import type { Turns } from './conversations.ts';
import { ownText } from './dimension.ts';
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
  readonly byDay = new Map<number, bigint>();
  readonly turns: Turns = new Map();
  /** Cost by job, to name the job that a proof should look at. */
  readonly #jobs = new Map<string, bigint>();
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  /** The largest input of a single call. */
  maxInput = 0;
  calls = 0;
  statedCalls = 0;
  oursNanos = 0n;
  theirsNanos = 0n;
  earlyCalls = 0;
  earlyNanos = 0n;
  pricedNanos = 0n;
  unknown: { calls: number; inputUnits: number; outputUnits: number; statedNanos: bigint | undefined } | undefined;

  constructor(names: { readonly hostName: string | undefined; readonly modelName: string }, prices: AuditPrices) {
    const found = prices.find(names.hostName, names.modelName);
    this.offer = found?.offer;
    this.match = found?.kind;
    this.alternatives = found ? prices.elsewhere(found.offer) : [];
    this.cells = new UsageCells(found ? [found.offer, ...this.alternatives] : []);
    this.label = ownText(labelOf(names, found?.offer.host));
  }

  addJob(job: string | undefined, costNanos: bigint): void {
    if (job === undefined) return;
    const before = this.#jobs.get(job);
    if (before !== undefined) this.#jobs.set(job, before + costNanos);
    else if (this.#jobs.size < maxJobs) this.#jobs.set(ownText(job), costNanos);
  }

  /** The job that most of the model's cost went to. */
  topJob(): string | undefined {
    let top: readonly [string, bigint] | undefined;
    for (const entry of this.#jobs) if (!top || entry[1] > top[1]) top = entry;
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
