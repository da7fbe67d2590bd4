import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Fact } from '../src/domain/facts/facts.ts';
import { type Journal, openJournal } from '../src/journal/index.ts';
import { recoverSegments } from '../src/journal/segments/segment-recovery.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createIdSource } from '../src/platform/ids.ts';
import { createSystemRandom } from '../src/platform/random.ts';
import { measureDisk } from './gateway/measure-disk.ts';
import { quantile, rounded } from './gateway/statistics.ts';

const requestsPerSecond = 2000;
const gatewayId = 'bench';
const makeId = createIdSource(systemClock, createSystemRandom());

/** Measures the journal: commit latency under load, what it costs the main thread, the disk beside it, its ceiling. */
export async function run(options: { json: boolean; quick: boolean }): Promise<object> {
  // Beside the product's data, not in /tmp: that is often memory, where a sync costs nothing.
  const directory = mkdtempSync(join(process.cwd(), '.bench-journal-'));
  try {
    const seconds = options.quick ? 3 : 20;
    const disk = measureDisk(join(directory, 'probe'), options.quick ? 200 : 1000);
    const journal = await openJournal({
      directory,
      gatewayId,
      durability: 'durable',
      clock: systemClock,
      log: () => undefined,
    });
    await measureLoad(journal, 1);
    const load = await measureLoad(journal, seconds);
    const encodeMicros = measureEncoding();
    const ceiling = await measureCeiling(journal, options.quick ? 1 : 5);
    const find = await measureFind(journal);
    await journal.close();
    const recovery = await measureRecovery(join(directory, gatewayId));
    return {
      requestsPerSecond,
      seconds,
      ...load,
      encodeMicrosPerRequest: encodeMicros,
      ...ceiling,
      ...find,
      ...recovery,
      disk,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Two thousand requests per second in groups of a millisecond timer, each appending three facts and committing one. */
async function measureLoad(journal: Journal, seconds: number): Promise<object> {
  const latencies: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let callsMs = 0;
  let sent = 0;
  const open: Promise<void>[] = [];
  const send = (): void => {
    const [opened, decision, attempt, final] = factsOfOneRequest();
    const startMs = performance.now();
    journal.append(opened);
    journal.append(decision);
    journal.append(attempt);
    const committed = journal.commit(final);
    callsMs += performance.now() - startMs;
    open.push(committed.then(() => void latencies.push(performance.now() - startMs)));
  };
  delay.enable();
  const utilisation = performance.eventLoopUtilization();
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1000) {
    const due = ((performance.now() - startMs) / 1000) * requestsPerSecond;
    for (; sent < due; sent += 1) send();
    await pause(0);
  }
  await Promise.all(open);
  const { utilization } = performance.eventLoopUtilization(utilisation);
  delay.disable();
  return {
    requests: sent,
    commitP50Ms: quantile(latencies, 0.5),
    commitP99Ms: quantile(latencies, 0.99),
    commitMaxMs: quantile(latencies, 1),
    // The monitor's own timer period is part of what it reports.
    loopDelayP99Ms: rounded(delay.percentile(99) / 1e6 - 1),
    loopDelayMaxMs: rounded(delay.max / 1e6 - 1),
    loopUtilisation: rounded(utilization),
    mainThreadMicrosPerRequest: rounded((callsMs * 1000) / sent),
  };
}

/** Facts appended as fast as the queue takes them, until all are durable. */
async function measureCeiling(journal: Journal, seconds: number): Promise<object> {
  let facts = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1000) {
    for (let burst = 0; burst < 50; burst += 1) {
      journal.append(...factsOfOneRequest());
      facts += 4;
    }
    if (journal.state().accepting) await nextTurn();
    else await journal.commit(factsOfOneRequest()[3]);
  }
  await journal.commit(factsOfOneRequest()[3]);
  return { maxFactsPerSecond: Math.round((facts * 1000) / (performance.now() - startMs)) };
}

async function measureFind(journal: Journal): Promise<object> {
  const times: number[] = [];
  const ids: string[] = [];
  for (let index = 0; index < 50; index += 1) {
    const facts = factsOfOneRequest();
    await journal.commit(...facts);
    ids.push(facts[0].requestId);
  }
  for (const id of ids) {
    const startMs = performance.now();
    if ((await journal.find(id)).length !== 4) throw new Error('find lost facts');
    times.push(performance.now() - startMs);
  }
  return { findP50Ms: quantile(times, 0.5), findP99Ms: quantile(times, 0.99) };
}

/** The part of the main thread's cost that is JSON alone, over facts that were never encoded before. */
function measureEncoding(): number {
  const requests = Array.from({ length: 5000 }, factsOfOneRequest);
  let length = 0;
  const startMs = performance.now();
  for (const facts of requests) for (const fact of facts) length += JSON.stringify(fact).length;
  return length > 0 ? rounded(((performance.now() - startMs) * 1000) / requests.length) : 0;
}

/** Scan, cut and seal of the longest segment written so far, as after a crash. */
async function measureRecovery(folder: string): Promise<object> {
  const sizeOf = (name: string): number => statSync(join(folder, name)).size;
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  const longest = logs.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0] ?? '';
  const crashed = join(folder, '..', 'crashed');
  mkdirSync(crashed);
  copyFileSync(join(folder, longest), join(crashed, longest));
  const sizeBytes = sizeOf(longest);
  truncateSync(join(crashed, longest), sizeBytes - 100);
  const startMs = performance.now();
  await recoverSegments(crashed, gatewayId);
  return { recoveryMs: rounded(performance.now() - startMs), recoveredMebibytes: rounded(sizeBytes / 1024 / 1024) };
}

function factsOfOneRequest(): readonly [Fact, Fact, Fact, Fact] {
  const requestId = makeId('req');
  const decisionId = makeId('dec');
  const atMs = Date.now();
  const model = 'openai/gpt-5';
  const who = { key: 'acme-production', customer: 'default', model };
  const usage = { input: 1043, output: 212, cacheRead: 512 };
  return [
    {
      type: 'open',
      requestId,
      atMs,
      ...who,
      dialect: 'openai-chat',
      operation: 'generate',
      stream: true,
      decisionId,
      inputEstimateTokens: 1555,
      heldNanos: '12000000',
    },
    {
      type: 'decision',
      requestId,
      decisionId,
      atMs,
      model,
      seed: 123456789,
      chosen: `${model}@openai`,
      ranked: [`${model}@openai`, `${model}@azure`],
      excluded: [],
      reasons: ['configured'],
      propensity: 1,
    },
    {
      type: 'attempt',
      requestId,
      attempt: 1,
      host: 'openai',
      upstreamModel: 'gpt-5',
      dialect: 'openai-chat',
      startedAtMs: atMs,
      connectedMs: 3,
      firstByteMs: 212,
      firstTokenMs: 214,
      totalMs: 2345,
      upstreamStatus: 200,
      upstreamRequestId: 'req_abcdef0123456789',
      finishReason: 'stop',
      usage,
      usageSource: 'provider',
      costNanos: '3423750',
      priceVersionId: 'pv_1',
      flags: [],
    },
    {
      type: 'final',
      requestId,
      atMs,
      status: 'completed',
      httpStatus: 200,
      ...who,
      host: 'openai',
      upstreamModel: 'gpt-5',
      attempts: 1,
      finishReason: 'stop',
      usage,
      costNanos: '3423750',
      cache: 'miss',
      firstByteMs: 213,
      totalMs: 2346,
      decisionId,
    },
  ];
}
