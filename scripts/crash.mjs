// @ts-check
// Kills the gateway at random moments under load and checks after each restart that no answer is unrecorded:
// `node scripts/crash.mjs [--trials 200] [--seed N]`. The last line is `N passed, N failed`.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal, segmentNumbers } from './lib/crash/read-journal.mjs';
import { startLoad } from './lib/crash/run-load.mjs';
import { verifyLife } from './lib/crash/verify-life.mjs';
import { bootChild } from './lib/product/boot-child.mjs';
import { buildProduct, loadBuilt } from './lib/product/load-built.mjs';
import { readNumbers } from './lib/product/read-flags.mjs';
import { seededRandom, seedOf } from './lib/product/seeded-random.mjs';

const clients = 24;
/** A life ends after so many answers and a few milliseconds more, or at the time limit. */
const maxAnswers = 250;
const maxDelayMs = 40;
const maxLifeMs = 4000;
const maxRecoveryMs = 1000;
/** A folder lives for so many trials: recovery is tried on young journals and on older ones. */
const trialsPerFolder = 20;

/** @param {string} upstreamUrl */
function configText(upstreamUrl) {
  const endpoint = (/** @type {string} */ host, /** @type {string} */ script) =>
    `      - { host: ${host}, model: "m?${script}", price: { input: 1, output: 2 } }\n`;
  return `
log: { level: warn }
database: off
runtime: { enabled: false }
hosts:
  chat: { protocol: openai-chat, baseUrl: ${upstreamUrl}/v1 }
  messages: { protocol: anthropic-messages, baseUrl: ${upstreamUrl}/v1 }
  responses: { protocol: openai-responses, baseUrl: ${upstreamUrl}/v1 }
models:
  quick:
    endpoints:
${endpoint('chat', 'chunks=4')}  paced:
    endpoints:
${endpoint('messages', 'chunks=10&gap=4')}  late:
    endpoints:
${endpoint('responses', 'chunks=6&delay=15')}  flaky:
    endpoints:
${endpoint('messages', 'chunks=5&fail=503&chance=0.3')}${endpoint('chat', 'chunks=5&gap=1')}  cut:
    endpoints:
${endpoint('responses', 'chunks=8&cut=3&chance=0.2')}`;
}

/** @typedef {{ configFile: string, dataDirectory: string, journal: string, directory: string, closed: ReadonlySet<string> }} Folder */

/**
 * One life of a gateway from running to killed to recovered.
 * @param {{ life: import('./lib/product/boot-child.mjs').ChildProduct, folder: Folder, seed: number }} trial
 */
async function runTrial({ life, folder, seed }) {
  const random = seededRandom(seed);
  const [firstSegment = 0] = segmentNumbers(folder.journal).slice(-1);
  const models = ['quick', 'quick', 'paced', 'late', 'flaky', 'cut'];
  const load = startLoad({ port: life.port, clients, models, random: seededRandom(seed ^ 1) });
  const killAfter = random.below(maxAnswers);
  const limitMs = performance.now() + maxLifeMs;
  while (load.seen.length < killAfter && life.isRunning() && performance.now() < limitMs) await sleep(2);
  await sleep(random.unit() * maxDelayMs);
  const early = life.isRunning() ? [] : [`the gateway ended by itself: ${life.log()}`];
  await life.stop('SIGKILL');
  const seen = await load.stop();
  const recoveryMs = await fastestRecovery(folder);
  const next = await bootChild(folder);
  // What recovery closed after the life before is the first thing in this one's segment.
  const facts = readJournal(folder.journal, 'gw1', firstSegment).filter(
    ({ requestId }) => !folder.closed.has(requestId),
  );
  folder.closed = new Set(facts.flatMap(({ type, requestId }) => (type === 'abort' ? [requestId] : [])));
  const slow = recoveryMs > maxRecoveryMs ? [`recovery took ${Math.round(recoveryMs)} ms`] : [];
  return { next, seen, facts, killAfter, recoveryMs, problems: [...early, ...slow, ...verifyLife(seen, facts)] };
}

/**
 * What recovery takes. A slow one is timed again: a machine busy with something else is not what is judged.
 * @param {Folder} folder
 */
async function fastestRecovery(folder) {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && fastestMs > maxRecoveryMs; run += 1) {
    fastestMs = Math.min(fastestMs, await timeRecovery(folder));
  }
  return fastestMs;
}

/**
 * Time to recover what the kill left, on a copy: without the start of a process around it.
 * @param {Folder} folder
 */
async function timeRecovery({ directory, journal }) {
  const copy = join(directory, 'copy');
  cpSync(journal, join(copy, 'gw1'), { recursive: true, filter: (path) => !path.endsWith('lock') });
  const startedAt = performance.now();
  const recovered = await openJournal({
    directory: copy,
    gatewayId: 'gw1',
    durability: 'durable',
    clock: systemClock,
    log: () => undefined,
  });
  const recoveryMs = performance.now() - startedAt;
  await recovered.close();
  rmSync(copy, { recursive: true, force: true });
  return recoveryMs;
}

/**
 * @param {string} upstreamUrl
 * @returns {Folder}
 */
function makeFolder(upstreamUrl) {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-crash-'));
  const configFile = join(directory, 'switchyard.yaml');
  writeFileSync(configFile, configText(upstreamUrl));
  const dataDirectory = join(directory, 'data');
  return { directory, configFile, dataDirectory, journal: join(dataDirectory, 'journal', 'gw1'), closed: new Set() };
}

/**
 * Runs some trials on one folder and adds up what they saw.
 * @param {{ upstreamUrl: string, from: number, count: number, seed: number }} run
 */
async function runFolder({ upstreamUrl, from, count, seed }) {
  const folder = makeFolder(upstreamUrl);
  const tally = {
    passed: 0,
    failed: 0,
    ends: 0,
    aborts: 0,
    finals: 0,
    startsMs: /** @type {number[]} */ ([]),
    recoveriesMs: /** @type {number[]} */ ([]),
  };
  let life = await bootChild(folder);
  for (let index = from; index < from + count; index += 1) {
    const trialSeed = seedOf(seed, index);
    const { next, seen, facts, killAfter, recoveryMs, problems } = await runTrial({ life, folder, seed: trialSeed });
    life = next;
    tally.startsMs.push(next.startMs);
    tally.recoveriesMs.push(recoveryMs);
    tally.ends += seen.filter(({ end }) => end !== 'none').length;
    tally.aborts += facts.filter(({ type }) => type === 'abort').length;
    tally.finals += facts.filter(({ type }) => type === 'final').length;
    if (problems.length === 0) tally.passed += 1;
    else {
      tally.failed += 1;
      const lines = problems.slice(0, 10).map((line) => `  ${line}\n`);
      process.stdout.write(`trial ${index} (seed ${seed}, killed after ${killAfter} answers):\n${lines.join('')}`);
    }
  }
  await life.stop('SIGTERM');
  rmSync(folder.directory, { recursive: true, force: true });
  return tally;
}

const { trials, seed } = readNumbers({ trials: 200, seed: 1 });
await buildProduct();
const { startSimulator } = await loadBuilt('simulator/index.js');
const { openJournal } = await loadBuilt('journal/index.js');
const { systemClock } = await loadBuilt('platform/clock.js');
const upstream = await startSimulator({ recordLimit: 0 });
/** @type {Awaited<ReturnType<typeof runFolder>>[]} */
const tallies = [];
for (let from = 0; from < trials; from += trialsPerFolder) {
  const count = Math.min(trialsPerFolder, trials - from);
  tallies.push(await runFolder({ upstreamUrl: upstream.url, from, count, seed }));
}
await upstream.close();

const sum = (/** @type {'passed' | 'failed' | 'ends' | 'aborts' | 'finals'} */ name) =>
  tallies.reduce((total, tally) => total + tally[name], 0);
/** @param {readonly number[]} values */
function percentiles(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (/** @type {number} */ share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return `p50 ${at(0.5)} ms, longest ${at(1)} ms`;
}

process.stdout.write(
  `${sum('ends')} answers seen to their end, ${sum('finals')} recorded, ${sum('aborts')} closed by recovery\n` +
    `recovery of the journal: ${percentiles(tallies.flatMap(({ recoveriesMs }) => recoveriesMs))}; ` +
    `process start to ready: ${percentiles(tallies.flatMap(({ startsMs }) => startsMs))}\n`,
);
const failed = sum('failed') + (sum('passed') + sum('failed') === 0 || sum('ends') === 0 ? 1 : 0);
process.stdout.write(`${sum('passed')} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
