// @ts-check
import { seededRandom, seedOf } from '../product/seeded-random.mjs';

/** A case that takes longer is run again; if it is always slow, some input makes the product slow. */
const slowMs = 250;

/**
 * Runs in-process cases, each from a seed of its own. Returns one line for each failure.
 * @param {{ readonly [name: string]: import('./in-process.mjs').FuzzCase }} cases
 * @param {{ seed: number, from?: number, count: number }} range
 * @returns {string[]}
 */
export function runCases(cases, { seed, from = 0, count }) {
  const names = Object.keys(cases);
  /** @type {string[]} */
  const failures = [];
  for (let index = from; index < from + count && failures.length < 50; index += 1) {
    const name = names[index % names.length] ?? '';
    const failure = runCase(cases[name], seedOf(seed, index));
    if (failure !== undefined) failures.push(`${name}, --seed ${seed} --from ${index}: ${failure}`);
  }
  return failures;
}

/**
 * @param {import('./in-process.mjs').FuzzCase | undefined} fuzzCase
 * @param {number} seed
 */
function runCase(fuzzCase, seed) {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const startedAt = performance.now();
    try {
      fuzzCase?.(seededRandom(seed));
    } catch (error) {
      return describe(error);
    }
    fastestMs = Math.min(fastestMs, performance.now() - startedAt);
    if (fastestMs < slowMs) return undefined;
  }
  return `took ${Math.round(fastestMs)} ms`;
}

/** @param {unknown} error */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const place = /at .*dist[^\n]*/.exec(error.stack ?? '')?.[0] ?? '';
  return `${error.name}: ${error.message.slice(0, 200)} ${place}`;
}
