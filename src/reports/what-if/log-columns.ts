import { largestAddend } from './exact-sums.ts';
import { Names } from './names.ts';

/** What could have answered a logged request. */
export interface ReplayCandidate {
  readonly model: string;
  /** Expected success. */
  readonly quality: number;
  /** Expected cost in nano-USD. */
  readonly costNanos: number;
  /** In units of one success, as the router weighed it. */
  readonly utility: number;
  readonly isExcluded: boolean;
}

/** One logged request as it is replayed. */
export interface ReplayRow {
  readonly atMs: number;
  readonly customer: string;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  /** null is unknown. */
  readonly costNanos: bigint | null;
  readonly chargeNanos: bigint | null;
  /** The charge is the cost: it moves with it. */
  readonly isPassedOn: boolean;
  /** What one success was worth to the router; 0: cost broke ties only. */
  readonly valueNanos: number;
  /** Empty when nothing was chosen among models. */
  readonly candidates: readonly ReplayCandidate[];
  /** Further hosts of the same model. */
  readonly otherHosts: readonly string[];
}

/** Marks of a row. */
export const rowFlags = { unpriced: 1, uncharged: 2, passedOn: 4, right: 8, wrong: 16 } as const;

const firstSize = 4_096;

/** A log as columns of numbers: a million requests are replayed without touching an object. */
export class LogColumns {
  readonly customers = new Names();
  readonly jobs = new Names();
  readonly models = new Names();
  readonly hosts = new Names();
  /** Hosts by model, as far as the log shows them. */
  readonly hostsOfModel = new Map<number, Set<number>>();
  count = 0;
  customer = new Uint32Array(firstSize);
  job = new Uint32Array(firstSize);
  model = new Uint32Array(firstSize);
  host = new Uint32Array(firstSize);
  minute = new Uint32Array(firstSize);
  flags = new Uint8Array(firstSize);
  /** Whole nano-USD. */
  cost = new Float64Array(firstSize);
  charge = new Float64Array(firstSize);
  value = new Float64Array(firstSize);
  /** Where the candidates of a row begin; those of the next end them. */
  candidateStart = new Uint32Array(firstSize + 1);
  candidateModel = new Uint32Array(firstSize);
  candidateQuality = new Float32Array(firstSize);
  candidateCost = new Float64Array(firstSize);
  /** -Infinity for the excluded. */
  candidateUtility = new Float64Array(firstSize);
  #candidates = 0;

  add(row: ReplayRow): void {
    const at = this.count;
    if (at === this.customer.length) this.#growRows();
    const { costNanos, chargeNanos } = row;
    const cost = amountOf(costNanos);
    const charge = amountOf(chargeNanos);
    this.customer[at] = this.customers.numberOf(row.customer);
    this.job[at] = this.jobs.numberOf(row.job);
    this.model[at] = this.models.numberOf(row.model);
    this.host[at] = this.hosts.numberOf(row.host);
    this.minute[at] = Math.floor(row.atMs / 60_000);
    this.cost[at] = cost ?? 0;
    this.charge[at] = charge ?? 0;
    this.value[at] = row.valueNanos;
    this.flags[at] =
      (cost === undefined ? rowFlags.unpriced : 0) |
      (charge === undefined ? rowFlags.uncharged : 0) |
      (row.isPassedOn ? rowFlags.passedOn : 0);
    this.#noteHosts(row);
    for (const candidate of row.candidates) this.#addCandidate(candidate);
    this.count = at + 1;
    this.candidateStart[this.count] = this.#candidates;
  }

  /** What outcomes say of a row, once they are all read. */
  judge(row: number, success: 1 | 0): void {
    this.flags[row] = (this.flags[row] ?? 0) | (success === 1 ? rowFlags.right : rowFlags.wrong);
  }

  #noteHosts({ model, host, otherHosts }: ReplayRow): void {
    const number = this.models.numberOf(model);
    let known = this.hostsOfModel.get(number);
    if (known === undefined) this.hostsOfModel.set(number, (known = new Set()));
    known.add(this.hosts.numberOf(host));
    for (const other of otherHosts) known.add(this.hosts.numberOf(other));
  }

  #addCandidate({ model, quality, costNanos, utility, isExcluded }: ReplayCandidate): void {
    const at = this.#candidates;
    if (at === this.candidateModel.length) this.#growCandidates();
    this.candidateModel[at] = this.models.numberOf(model);
    this.candidateQuality[at] = quality;
    this.candidateCost[at] = costNanos;
    this.candidateUtility[at] = isExcluded ? -Infinity : utility;
    this.#candidates = at + 1;
  }

  #growRows(): void {
    const size = this.customer.length * 2;
    this.customer = grown(this.customer, new Uint32Array(size));
    this.job = grown(this.job, new Uint32Array(size));
    this.model = grown(this.model, new Uint32Array(size));
    this.host = grown(this.host, new Uint32Array(size));
    this.minute = grown(this.minute, new Uint32Array(size));
    this.flags = grown(this.flags, new Uint8Array(size));
    this.cost = grown(this.cost, new Float64Array(size));
    this.charge = grown(this.charge, new Float64Array(size));
    this.value = grown(this.value, new Float64Array(size));
    this.candidateStart = grown(this.candidateStart, new Uint32Array(size + 1));
  }

  #growCandidates(): void {
    const size = this.candidateModel.length * 2;
    this.candidateModel = grown(this.candidateModel, new Uint32Array(size));
    this.candidateQuality = grown(this.candidateQuality, new Float32Array(size));
    this.candidateCost = grown(this.candidateCost, new Float64Array(size));
    this.candidateUtility = grown(this.candidateUtility, new Float64Array(size));
  }
}

/** Amounts beyond what is added exactly count as unknown: none of a single request is that large. */
function amountOf(amountNanos: bigint | null): number | undefined {
  if (amountNanos === null) return undefined;
  const amount = Number(amountNanos);
  return Math.abs(amount) < largestAddend ? amount : undefined;
}

function grown<Column extends { set(from: Column): void }>(from: Column, into: Column): Column {
  into.set(from);
  return into;
}
