import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import type { Database } from '../../storage/index.ts';
import type { EvalItem, EvalSpec } from '../runs/eval-spec.ts';
import { type EvalRun, listRuns } from '../runs/eval-store.ts';

/** A job whose models are to be evaluated every night. */
export interface NightlyJob {
  readonly job: string;
  readonly models: readonly string[];
  /** Most that it may cost, as a share of what the job cost in the day before. */
  readonly maxShare: number;
}

/** What nightly evaluations need of the product. */
export interface NightlyParts {
  readonly clock: Clock;
  readonly logger: Logger;
  database(): Database | undefined;
  jobs(): readonly NightlyJob[];
  items(job: string): Promise<readonly EvalItem[]>;
  /** What the job cost since an instant. */
  spentNanos(database: Database, asked: { readonly job: string; readonly sinceMs: number }): Promise<bigint>;
  create(database: Database, spec: EvalSpec, items: readonly EvalItem[]): Promise<EvalRun | Fault>;
}

const everyMs = 600_000;
const dayMs = 86_400_000;
/** Nights begin at two o'clock UTC. */
const nightBeginsMs = 7_200_000;
const fewestItems = 10;
const mostItems = 100;
const maxTokens = 1024;
const runsLookedAt = 20;

/**
 * Evaluates the models of jobs on kept requests once a night, within a share of the job's spend: what is not used today
 * stays known, and a model that changed behind its name is noticed.
 */
export class NightlyEvals {
  readonly #parts: NightlyParts;
  readonly #task: PeriodicTask;

  constructor(parts: NightlyParts) {
    this.#parts = parts;
    this.#task = new PeriodicTask({
      everyMs,
      turn: () => this.#turn(),
      failed: (error) =>
        parts.logger.warn({ err: error }, 'nightly evaluations could not be begun; they are tried again'),
    });
  }

  start(): void {
    this.#task.start();
  }

  close(): Promise<void> {
    return this.#task.stop();
  }

  /** Begins what this night lacks; one gateway of many does it. */
  turn(): Promise<void> {
    return this.#task.run();
  }

  async #turn(): Promise<void> {
    const database = this.#parts.database();
    const jobs = this.#parts.jobs().filter(({ maxShare, models }) => maxShare > 0 && models.length > 1);
    if (database?.isAvailable() !== true || jobs.length === 0) return;
    await database.withLeader('nightly-evals', async () => {
      for (const one of jobs) await this.#begin(database, one);
    });
  }

  async #begin(database: Database, { job, models, maxShare }: NightlyJob): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    const night = Math.floor((nowMs - nightBeginsMs) / dayMs);
    const runs = await listRuns(database, { job, limit: runsLookedAt });
    if (runs.some(({ spec }) => spec.night === night)) return;
    const items = (await this.#parts.items(job)).slice(0, mostItems);
    if (items.length < fewestItems) return;
    const spentNanos = await this.#parts.spentNanos(database, { job, sinceMs: nowMs - dayMs });
    const maxNanos = (spentNanos * BigInt(Math.round(maxShare * 1_000_000))) / 1_000_000n;
    if (maxNanos === 0n) return;
    const spec = { job, candidates: models, maxNanos, samples: 1, seed: night, maxTokens, night, isLogged: true };
    const run = await this.#parts.create(database, spec, items);
    if (Fault.is(run)) this.#parts.logger.warn({ job, reason: run.message }, 'a nightly evaluation was refused');
  }
}
