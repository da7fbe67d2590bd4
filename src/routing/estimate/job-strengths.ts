import type { Sums } from '../evidence/tally.ts';

/** Bounds of how strongly a job's means are held to those of all work, in graded answers. */
const most = 30;
/** Models whose means lie this near to each other count as alike. */
const alike = 0.05;
/** Models answer the same prompts: so much of the spread of their scores remains when they are compared. */
const pairedShare = 0.8;
/** Jobs, and models' own jobs, that what was assumed counts for. */
const assumedJobs = 3;
const alikeJobs = 4;

/** What the strengths are found from. */
export interface StrengthEvidence {
  /** Sums per job, one per model. */
  readonly sums: ReadonlyMap<string, readonly Sums[]>;
  /** Difficulty of each job. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Means over all work. */
  readonly quality: Float64Array;
  /** Strength where nothing is known, which is the least as well. */
  readonly usual: number;
}

/**
 * How strongly each model's means in a job are pulled to its means over all work: the noise of one answer over the
 * variance between jobs. Models that differ little between jobs, beyond what chance explains, are told apart by all
 * work; those that differ much, by the job.
 */
export function jobStrengths(evidence: StrengthEvidence): Float64Array {
  const { sums, quality, usual } = evidence;
  const { spread, noise, jobs } = spreadsOf(evidence);
  const models = quality.length;
  // The job's offset and the model's mean were fitted to the same figures, which makes gaps look smaller.
  const freedom = (1 - 1 / Math.max(2, models)) * (1 - 1 / Math.max(2, sums.size));
  return quality.map((mean, model) => {
    let spreads = 0;
    let noises = 0;
    let weight = 0;
    for (let other = 0; other < models; other++) {
      const near = Math.exp(-0.5 * ((mean - (quality[other] ?? 0)) / alike) ** 2);
      spreads += near * (spread[other] ?? 0);
      noises += near * (noise[other] ?? 0);
      weight += near * (jobs[other] ?? 0);
    }
    const seen = Math.max(0, (jobs[model] ?? 0) - 1);
    if (weight <= 0 || seen === 0) return usual;
    const usualNoise = noises / weight;
    const pooled = spreads / weight / freedom;
    const assumed = usualNoise / usual;
    const expected = (assumedJobs * assumed + seen * pooled) / (assumedJobs + seen);
    const own = (spread[model] ?? 0) / (jobs[model] ?? 1) / freedom;
    const variance = (alikeJobs * expected + seen * own) / (alikeJobs + seen);
    return Math.min(most, Math.max(usual, usualNoise / Math.max(1e-6, variance)));
  });
}

/** Per model, over jobs: squared gaps beyond their noise, the noise of one answer, and how many jobs that is from. */
function spreadsOf({ sums, offsets, quality, usual }: StrengthEvidence) {
  const spread = new Float64Array(quality.length);
  const noise = new Float64Array(quality.length);
  const jobs = new Float64Array(quality.length);
  const freedom = (1 - 1 / Math.max(2, quality.length)) * (1 - 1 / Math.max(2, sums.size));
  for (const [job, known] of sums) {
    known.forEach(({ weight, sum, squares }, model) => {
      if (weight < 2) return;
      const mean = sum / weight;
      const variance = pairedShare * Math.max(0.02, squares / weight - mean * mean) * (weight / (weight - 1));
      const gap = mean - (quality[model] ?? 0) - (offsets.get(job) ?? 0);
      const trust = weight / (weight + usual);
      spread[model] = (spread[model] ?? 0) + trust * (gap * gap - (freedom * variance) / weight);
      noise[model] = (noise[model] ?? 0) + trust * variance;
      jobs[model] = (jobs[model] ?? 0) + trust;
    });
  }
  return { spread, noise, jobs };
}
