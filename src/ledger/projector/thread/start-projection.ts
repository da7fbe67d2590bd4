import type { Worker } from 'node:worker_threads';
import { JournalCursor, type JournalPosition } from '../../../journal/index.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Metrics } from '../../../platform/metrics.ts';
import { spawnWorker } from '../../../platform/workers.ts';
import type { Database } from '../../../storage/index.ts';
import { watchSums } from '../../rebuild/sums-watch.ts';
import { createProjectorPorts } from '../projector-ports.ts';
import { Projector } from '../projector.ts';
import { type ProjectionProgress, runProjector } from './projector-loop.ts';
import type { ProjectionAlarm } from '../ports.ts';
import type { ProjectorMessage, ProjectorOrder, ProjectorSetup } from './projector-protocol.ts';

/** The journal of the running gateway, as far as its projection needs it. */
export interface ProjectedSource {
  durableEnd(): JournalPosition;
  keepFrom(segment: number): void;
}

/** What the projection of a running gateway is started with. */
export interface ProjectionOptions {
  readonly database: Database;
  readonly journal: ProjectedSource;
  /** Folder of all journals. */
  readonly directory: string;
  readonly gatewayId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** How often journal, ledger and rollups are compared; else every hour. */
  readonly checkEveryMs?: number | undefined;
  readonly onAlarm?: ((alarm: ProjectionAlarm) => void) | undefined;
}

/** A projection that runs beside the gateway. */
export interface Projection {
  /** The latest news of it; undefined before the first. */
  progress(): ProjectionProgress | undefined;
  /** Journal bytes behind the projection within the open segment, and whole segments. */
  lag(): ProjectionLag;
  stop(): Promise<void>;
}

/** How far a projection is behind what is durable. */
export interface ProjectionLag {
  readonly segments: number;
  /** Within the segment that is being projected, when that is the newest. */
  readonly bytes: number;
  readonly isCaughtUp: boolean;
}

/** The facts of a batch live as long as the batch: with room for them they are not copied about in between. */
const youngHeapMb = 96;
const tellEveryMs = 100;
const defaultCheckEveryMs = 3_600_000;
const firstRestartMs = 500;
const longestRestartMs = 30_000;

/**
 * Starts the projection of a gateway's journal in a thread with a database connection of its own, and starts it again
 * when it dies: what it had not committed it reads again. Nothing in the gateway ever waits for it.
 */
export function startProjection(options: ProjectionOptions): Projection {
  const { journal, logger, metrics, onAlarm, gatewayId } = options;
  let latest: ProjectionProgress | undefined;
  const totals = { facts: 0, booked: 0, repeated: 0, quarantined: 0, failures: 0, checks: 0 };
  let differences: number | undefined;
  const hear = (message: ProjectorMessage): void => {
    if (message.kind === 'progress') {
      latest = message.progress;
      addProgress(totals, message.progress);
      if (latest.position.segment > 0) journal.keepFrom(latest.position.segment);
    } else if (message.kind === 'sums') {
      totals.checks += 1;
      differences = message.problems.length;
      const detail = message.problems.join('; ');
      if (differences > 0) hear({ kind: 'alarm', alarm: { kind: 'sums', gatewayId, detail } });
    } else if (message.kind === 'unchecked') {
      differences = undefined;
      logger.warn({ reason: message.reason, gatewayId }, 'the sums could not be compared');
    } else if (message.kind === 'alarm') {
      logger.error({ alarm: message.alarm }, 'the projection of the journal needs attention');
      onAlarm?.(message.alarm);
    } else logger.warn({ reason: message.reason, gatewayId }, 'the projection ended');
  };
  const lag = (): ProjectionLag => lagOf(latest?.position, journal.durableEnd());
  if (metrics) {
    registerMetrics(metrics, totals, lag);
    metrics.gauge(
      'switchyard_ledger_sums_differences',
      'Sums of journal, ledger and rollups that were not equal at the last hourly comparison; absent before the first.',
      () => (differences === undefined ? [] : [[{}, differences]]),
    );
  }
  const runner = options.database.connectionUrl() === undefined ? runHere(options, hear) : runThread(options, hear);
  return { progress: () => latest, lag, stop: () => runner.stop() };
}

interface Runner {
  stop(): Promise<void>;
}

/** A database inside this thread cannot be reached from another one. */
function runHere(options: ProjectionOptions, hear: Hear): Runner {
  const { database, journal, directory, gatewayId, clock, checkEveryMs = defaultCheckEveryMs } = options;
  const stop = new AbortController();
  const cursor = new JournalCursor(directory, gatewayId);
  const alarm = (raised: ProjectionAlarm): void => hear({ kind: 'alarm', alarm: raised });
  const projector = new Projector(database.db, { gatewayId }, createProjectorPorts(database, alarm));
  const running = runProjector(projector, {
    gatewayId,
    read: (from, maxBytes) => cursor.read(from, { until: journal.durableEnd(), maxBytes }),
    until: () => journal.durableEnd(),
    clock,
    alarm,
    report: (progress) => hear({ kind: 'progress', progress }),
    signal: stop.signal,
  }).catch((error: unknown) => hear({ kind: 'ended', reason: String(error) }));
  const watch = watchSums({
    database,
    directory,
    everyMs: checkEveryMs,
    tell: ({ problems }) => hear({ kind: 'sums', problems }),
    failed: (error) => hear({ kind: 'unchecked', reason: String(error) }),
  });
  return {
    async stop() {
      stop.abort();
      await watch.stop();
      await running;
    },
  };
}

type Hear = (message: ProjectorMessage) => void;

function runThread(options: ProjectionOptions, hear: Hear): Runner {
  const { database, journal, directory, gatewayId, logger, checkEveryMs = defaultCheckEveryMs } = options;
  let worker: Worker | undefined;
  let isStopping = false;
  let restartMs = firstRestartMs;
  let restart: NodeJS.Timeout | undefined;
  let ended: (() => void) | undefined;
  const start = (): void => {
    const databaseUrl = database.connectionUrl() ?? '';
    const setup: ProjectorSetup = { directory, gatewayId, databaseUrl, isLive: true, checkEveryMs };
    const started = spawnWorker(import.meta.url, './projector-thread', {
      workerData: setup,
      name: 'projector',
      resourceLimits: { maxYoungGenerationSizeMb: youngHeapMb },
    });
    worker = started;
    started.on('message', (message: ProjectorMessage) => {
      if (message.kind === 'progress' && message.progress.failure === undefined) restartMs = firstRestartMs;
      hear(message);
    });
    started.on('error', (error) => logger.error({ err: error }, 'the projector thread failed'));
    started.once('exit', () => {
      worker = undefined;
      if (isStopping) ended?.();
      else {
        restart = setTimeout(start, restartMs);
        restartMs = Math.min(longestRestartMs, restartMs * 2);
      }
    });
    order({ kind: 'durable', until: journal.durableEnd() });
  };
  const order = (message: ProjectorOrder): void => worker?.postMessage(message);
  let told = '';
  const teller = setInterval(() => {
    const until = journal.durableEnd();
    const text = `${until.segment}:${until.offset}`;
    if (text === told) return;
    told = text;
    order({ kind: 'durable', until });
  }, tellEveryMs);
  teller.unref();
  start();
  return {
    async stop() {
      isStopping = true;
      clearInterval(teller);
      clearTimeout(restart);
      if (!worker) return;
      const exited = new Promise<void>((resolve) => {
        ended = resolve;
      });
      order({ kind: 'durable', until: journal.durableEnd() });
      order({ kind: 'stop' });
      await exited;
    },
  };
}

function addProgress(totals: { [count: string]: number }, progress: ProjectionProgress): void {
  for (const name of ['facts', 'booked', 'repeated', 'quarantined'] as const) {
    totals[name] = (totals[name] ?? 0) + progress[name];
  }
  if (progress.failure !== undefined) totals['failures'] = (totals['failures'] ?? 0) + 1;
}

function lagOf(position: JournalPosition | undefined, durable: JournalPosition): ProjectionLag {
  const at = position ?? { segment: 0, offset: 0 };
  const segments = Math.max(0, durable.segment - at.segment);
  const bytes = segments === 0 ? Math.max(0, durable.offset - at.offset) : durable.offset;
  return { segments, bytes, isCaughtUp: segments === 0 && bytes === 0 };
}

function registerMetrics(
  metrics: Metrics,
  totals: { readonly [count: string]: number },
  lag: () => ProjectionLag,
): void {
  metrics.gauge('switchyard_projection_lag_bytes', 'Journal bytes not projected yet, of the newest segment.', () => [
    [{}, lag().bytes],
  ]);
  metrics.gauge('switchyard_projection_lag_segments', 'Journal segments not projected yet.', () => [
    [{}, lag().segments],
  ]);
  for (const [name, help] of [
    ['facts', 'Facts read by the projection.'],
    ['booked', 'Exchanges booked in ledger and rollups.'],
    ['repeated', 'Facts that were told again and changed nothing.'],
    ['quarantined', 'Facts set apart.'],
    ['failures', 'Batches that failed and were tried again.'],
    ['checks', 'Comparisons of journal, ledger and rollups.'],
  ] as const) {
    metrics.total(`switchyard_projection_${name}_total`, help, () => [[{}, totals[name] ?? 0]]);
  }
}
