import { setTimeout as pause } from 'node:timers/promises';
import { LoadConnection } from './load-connection.ts';
import type {
  AbortedStreams,
  AbortsResult,
  ClosedLoop,
  LoadJob,
  LoopResult,
  PacedStreams,
  StreamsResult,
} from './load-jobs.ts';
import { quantile, rounded } from './statistics.ts';

// A process of its own: takes jobs over IPC and answers each with what it saw.

const stampMark = Buffer.from('"content":"@');
const stampLength = 16;
const maxErrors = 100;

/** Sends requests back to back over a fixed number of connections. */
async function runClosedLoop(job: ClosedLoop): Promise<LoopResult> {
  const latencies: number[] = [];
  const firstBytes: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + job.durationMs;
  let sent = 0;
  let errors = 0;
  const runOne = (): Promise<void> =>
    new Promise((resolve) => {
      let sentMs = 0;
      let firstByteMs = 0;
      const next = (): void => {
        sentMs = performance.now();
        if (sentMs >= endMs || sent >= job.maxRequests || errors >= maxErrors) {
          connection.destroy();
          return resolve();
        }
        sent++;
        connection.send(job.request);
      };
      const listener = {
        firstByte: (): void => {
          firstByteMs = performance.now();
        },
        data: (): void => undefined,
        done: (isGood: boolean): void => {
          const nowMs = performance.now();
          if (!isGood) errors++;
          else if (nowMs <= endMs) {
            latencies.push(nowMs - sentMs);
            firstBytes.push(firstByteMs - sentMs);
          }
          if (!connection.isOpen) connection = new LoadConnection(job.port, listener);
          next();
        },
      };
      let connection = new LoadConnection(job.port, listener);
      next();
    });
  await Promise.all(Array.from({ length: job.connections }, runOne));
  const seconds = (Math.min(performance.now(), endMs) - startMs) / 1000;
  return {
    requests: latencies.length,
    errors,
    seconds: rounded(seconds),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    firstByteP50Ms: quantile(firstBytes, 0.5),
    firstByteP99Ms: quantile(firstBytes, 0.99),
  };
}

/** Reads many paced streams and compares each chunk's stamp with the time it came. */
async function runPacedStreams(job: PacedStreams): Promise<StreamsResult> {
  const delays: number[] = [];
  let errors = 0;
  const open = (): Promise<void> =>
    new Promise((resolve) => {
      const connection = new LoadConnection(job.port, {
        firstByte: () => undefined,
        data: (chunk) => noteDelays(chunk, delays),
        done: (isGood) => {
          if (!isGood) errors++;
          connection.destroy();
          resolve();
        },
      });
      connection.send(job.request);
    });
  const streams: Promise<void>[] = [];
  for (let started = 0; started < job.streams; started++) {
    streams.push(open());
    // Spread over a second, as clients come: not all in one instant.
    if (started % 10 === 9) await pause(10);
  }
  await Promise.all(streams);
  return {
    chunks: delays.length,
    errors,
    delayP50Ms: quantile(delays, 0.5),
    delayP99Ms: quantile(delays, 0.99),
    delayMaxMs: quantile(delays, 1),
  };
}

function noteDelays(chunk: Buffer, delays: number[]): void {
  const nowMicros = (performance.timeOrigin + performance.now()) * 1000;
  for (let at = chunk.indexOf(stampMark); at >= 0; at = chunk.indexOf(stampMark, at + stampLength)) {
    const start = at + stampMark.length;
    // A stamp cut in two by the socket is left out.
    if (start + stampLength > chunk.length) return;
    delays.push((nowMicros - Number(chunk.toString('latin1', start, start + stampLength))) / 1000);
  }
}

/** Opens streams and leaves each at its first content. */
async function runAbortedStreams(job: AbortedStreams): Promise<AbortsResult> {
  let started = 0;
  let aborted = 0;
  let errors = 0;
  const runOne = (): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        if (started >= job.streams || errors >= maxErrors) return resolve();
        started++;
        const connection = new LoadConnection(job.port, {
          firstByte: () => undefined,
          data: (chunk) => {
            if (chunk.indexOf(stampMark) < 0) return;
            aborted++;
            connection.destroy();
            next();
          },
          done: () => {
            errors++;
            next();
          },
        });
        connection.send(job.request);
      };
      next();
    });
  await Promise.all(Array.from({ length: job.connections }, runOne));
  return { aborted, errors };
}

function run(job: LoadJob): Promise<object> {
  if (job.kind === 'closed-loop') return runClosedLoop(job);
  return job.kind === 'paced-streams' ? runPacedStreams(job) : runAbortedStreams(job);
}

process.on('message', (job: LoadJob) => void run(job).then((result) => process.send?.(result)));
process.send?.({ port: 0 });
process.on('disconnect', () => process.exit());
