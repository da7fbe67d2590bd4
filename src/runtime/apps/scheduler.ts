import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import type { Database } from '../../storage/index.ts';
import {
  defaultFunctionLimits,
  type FunctionHost,
  FunctionStartError,
  FunctionUnavailableError,
} from '../functions/index.ts';
import type { AppDirectory } from './app-directory.ts';
import { parseCron } from './cron.ts';
import { type DueSchedule, ScheduleStore } from './schedule-store.ts';

/** What schedules are run with. */
export interface SchedulerDeps {
  readonly directory: Pick<AppDirectory, 'find'>;
  readonly host: FunctionHost;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
}

const tickMs = 1000;
const batch = 20;
/** A lease outlives what it covers by this: starting, telling, and writing down how it ended. */
const leaseGraceMs = 30_000;
/** How long a stopping gateway waits for what it has set going. */
const stopGraceMs = 5_000;
const stopped = 'the gateway stopped before it ended';

/**
 * Tells apps of their due times: each once, over all gateways and restarts, since the row of the due time is written
 * before the app hears of it. A due time that a crash cut off stays `running` and is not repeated; times that passed
 * while nobody ran are told once.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /** Looks after the schedules of a database until it is stopped. */
  start(database: Database, graceMs = stopGraceMs): () => Promise<void> {
    const task = new PeriodicTask({
      everyMs: tickMs,
      turn: () => this.look(database),
      failed: (error) => this.#deps.logger.warn({ err: error }, 'schedules could not be looked after'),
    });
    task.start();
    return async () => {
      await task.stop();
      const patience = setTimeout(() => this.#stopping.abort(), graceMs);
      await Promise.allSettled(this.#running);
      clearTimeout(patience);
    };
  }

  /** Takes what is due now and sets it going. */
  async look(database: Database): Promise<void> {
    const { clock, directory, newId } = this.#deps;
    const store = new ScheduleStore(database);
    const nowMs = clock.nowMs();
    for (const due of await store.due(nowMs, batch)) {
      const nextDueAtMs = parseCron(due.cron, due.timeZone)?.next(nowMs) ?? null;
      if (due.isBusy) {
        await store.decide({ due, nextDueAtMs, nowMs });
        continue;
      }
      const owner = newId('tick');
      const { startMs, wallMs } = directory.find(due.app, 'prod')?.stable.limits ?? defaultFunctionLimits;
      const lease = { owner, untilMs: nowMs + startMs + wallMs + leaseGraceMs };
      if (!(await store.decide({ due, nextDueAtMs, nowMs, lease }))) continue;
      const run = this.#run(store, due, owner).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  /** Resolves when everything that was set going has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #run(store: ScheduleStore, due: DueSchedule, owner: string): Promise<void> {
    const { clock, logger } = this.#deps;
    const ended = await this.#tell(due, owner);
    await store
      .finish(due, owner, { ...ended, atMs: clock.nowMs() })
      .catch((error: unknown) => logger.warn({ err: error, app: due.app }, 'the end of a schedule could not be kept'));
  }

  /** At most as long as the lease: starting and telling are bounded, and a stop gives both up. */
  async #tell(due: DueSchedule, id: string): Promise<{ readonly isDone: boolean; readonly detail: string }> {
    const { directory, host, logger } = this.#deps;
    const live = directory.find(due.app, 'prod');
    if (live === undefined) return { isDone: false, detail: 'the app has no prod version' };
    if (!live.stable.hasCode) return { isDone: false, detail: 'the prod version has no code' };
    const { signal } = this.#stopping;
    try {
      const instance = await unlessAborted(
        signal,
        live.stable.spec().then((spec) => host.acquire(spec)),
      );
      if (instance === undefined) return { isDone: false, detail: stopped };
      if (!instance.handlers.scheduled) return { isDone: false, detail: 'the prod version has no scheduled handler' };
      const told = await instance.tell({ id, cron: due.cron, scheduledTime: due.dueAtMs }, signal);
      return told.isDone || !signal.aborted ? told : { isDone: false, detail: stopped };
    } catch (error) {
      const isKnown = error instanceof FunctionStartError || error instanceof FunctionUnavailableError;
      if (!isKnown) logger.error({ err: error, app: due.app }, 'a schedule could not be run');
      return { isDone: false, detail: isKnown ? error.message : 'it could not be started' };
    }
  }
}

/** undefined as soon as the signal is given; what was waited for goes on by itself. */
async function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value | undefined> {
  if (signal.aborted) return undefined;
  const own: { heard?: () => void } = {};
  const given = new Promise<undefined>((resolve) => {
    own.heard = () => resolve(undefined);
    signal.addEventListener('abort', own.heard, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    if (own.heard) signal.removeEventListener('abort', own.heard);
    // Nobody waits for it any more when the signal came first.
    work.catch(() => undefined);
  }
}
