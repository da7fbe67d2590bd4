import { concentration } from '../../domain/statistics/concentration.ts';
import { type CountedRate, rateDifference } from '../../domain/statistics/rate-difference.ts';
import { ExactSums } from './exact-sums.ts';
import { type LogColumns, rowFlags } from './log-columns.ts';
import type { ConcentrationFigure, Exposure, JobExposure } from './what-if-report.ts';

/** A switch that costs more than doubling counts no further. */
const cap = 1;
/** Points of success that an alternative may be worse by and still count as proven. */
const margin = 0.02;

interface Standing extends CountedRate {
  readonly model: number;
  readonly requests: number;
  readonly costNanos: number;
}

/** How much of the spend could leave the model that it mainly uses, judged by outcomes of the same log. */
export function measureExposure(log: LogColumns): Exposure {
  const spend = new ExactSums(log.jobs.size * log.models.size);
  const tallies = tallyByJob(log, spend);
  const jobs = log.jobs.all().map((name, job): JobExposure => jobExposure(name, log, tallies.get(job) ?? []));
  const total = jobs.reduce((sum, { spendNanos }) => sum + Number(spendNanos), 0);
  const weighted = jobs.reduce(
    (sum, { spendNanos, switchCost }) => sum + Number(spendNanos) * Math.min(cap, switchCost ?? cap),
    0,
  );
  const covered = jobs.reduce(
    (sum, { spendNanos, alternative }) => sum + (alternative === undefined ? 0 : Number(spendNanos)),
    0,
  );
  return {
    index: total > 0 ? weighted / total : 0,
    coveredShare: total > 0 ? covered / total : 0,
    jobs: jobs.sort((left, right) => Number(right.spendNanos - left.spendNanos)),
    byHost: concentrationOf(log, log.host, log.hosts.size),
    byModel: concentrationOf(log, log.model, log.models.size),
  };
}

function tallyByJob(log: LogColumns, spend: ExactSums): Map<number, Standing[]> {
  const { models, jobs, count } = log;
  const size = models.size * jobs.size;
  const [requests, told, right] = [new Uint32Array(size), new Uint32Array(size), new Uint32Array(size)];
  for (let row = 0; row < count; row++) {
    const place = (log.job[row] ?? 0) * models.size + (log.model[row] ?? 0);
    const flags = log.flags[row] ?? 0;
    requests[place] = (requests[place] ?? 0) + 1;
    if ((flags & (rowFlags.right | rowFlags.wrong)) !== 0) told[place] = (told[place] ?? 0) + 1;
    if ((flags & rowFlags.right) !== 0) right[place] = (right[place] ?? 0) + 1;
    spend.add(place, log.cost[row] ?? 0);
  }
  const byJob = new Map<number, Standing[]>();
  for (let place = 0; place < size; place++) {
    if (requests[place] === 0) continue;
    const job = Math.floor(place / models.size);
    const standing: Standing = {
      model: place % models.size,
      requests: requests[place] ?? 0,
      count: told[place] ?? 0,
      successes: right[place] ?? 0,
      costNanos: Number(spend.of(place)),
    };
    const group = byJob.get(job);
    if (group === undefined) byJob.set(job, [standing]);
    else group.push(standing);
  }
  return byJob;
}

function jobExposure(job: string, { models }: LogColumns, standings: readonly Standing[]): JobExposure {
  const spendNanos = standings.reduce((sum, { costNanos }) => sum + BigInt(Math.round(costNanos)), 0n);
  const main = standings.reduce<Standing | undefined>(
    (most, one) => (most === undefined || one.costNanos > most.costNanos ? one : most),
    undefined,
  );
  const nothing: JobExposure = {
    job,
    spendNanos,
    model: main === undefined ? '' : models.name(main.model),
    alternative: undefined,
    switchCost: undefined,
  };
  const present = main && costPerSuccess(main);
  if (main === undefined || present === undefined) return nothing;
  let best: { standing: Standing; cost: number } | undefined;
  for (const standing of standings) {
    if (standing === main) continue;
    const cost = costPerSuccess(standing);
    const [lower] = rateDifference(main, standing, 0.9)?.interval ?? [-1];
    if (cost === undefined || lower <= -margin) continue;
    if (best === undefined || cost < best.cost) best = { standing, cost };
  }
  if (best === undefined) return nothing;
  // Money that a switch costs beside what an answer costs now; a proven alternative loses no quality that counts.
  const switchCost = present === 0 ? 0 : Math.max(0, best.cost / present - 1);
  return { ...nothing, alternative: models.name(best.standing.model), switchCost };
}

function costPerSuccess({ costNanos, requests, successes, count }: Standing): number | undefined {
  return successes === 0 ? undefined : costNanos / ((requests * successes) / count);
}

function concentrationOf(log: LogColumns, group: Uint32Array, size: number): ConcentrationFigure | undefined {
  const [spend, successes] = [new Float64Array(size), new Float64Array(size)];
  for (let row = 0; row < log.count; row++) {
    const place = group[row] ?? 0;
    spend[place] = (spend[place] ?? 0) + (log.cost[row] ?? 0);
    if (((log.flags[row] ?? 0) & rowFlags.right) !== 0) successes[place] = (successes[place] ?? 0) + 1;
  }
  const ofSpend = concentration([...spend]);
  return ofSpend && { spend: ofSpend, successes: concentration([...successes]) };
}
