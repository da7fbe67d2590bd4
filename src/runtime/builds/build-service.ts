import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import type { Runner } from '../contract.ts';
import type { Fixer } from '../fixes/fix-types.ts';
import { BuildRun } from './build-run.ts';
import { findBuild, saveBuild } from './build-store.ts';
import type { AskedModel, BuildEvent, BuildRecord, BuildRequest, ModelAnswer } from './build-types.ts';
import type { AppDeploy, DeployedApp } from './deploy-app.ts';

/** What builds are made of. */
export interface BuildServiceDeps {
  readonly clock: Clock;
  readonly runner: Runner;
  newId(prefix: string): string;
  database(): Database | undefined;
  /** The model that is asked when none is named: of the job, else whichever there is. */
  usualModel(): string;
  /** What a question may cost at most; null when a price is unknown, a Fault where there is no such model. */
  ceilingNanos(
    model: string,
    size: { readonly inputTokens: number; readonly outputTokens: number },
  ): bigint | null | Fault;
  /** Through the gateway like any client, under the job of building. */
  ask(question: AskedModel): Promise<ModelAnswer>;
  /** Patches what did not pass; absent, the model that wrote it is asked again. */
  fixer(): Fixer | undefined;
  deploy(wanted: AppDeploy): Promise<DeployedApp>;
  /** Resolves when the path is served by that version; with what is wrong when it is not. */
  visit(deployed: DeployedApp): Promise<string | undefined>;
}

/** A build that was accepted. */
export interface RunningBuild {
  readonly buildId: string;
  /** Ends with the build's record. Leaving the loop ends the build. */
  events(): AsyncIterable<BuildEvent>;
}

const mostAtOnce = 2;

/** From words to a running app: a model writes files, a sandbox tries them, and a preview serves them. */
export class BuildService {
  readonly #deps: BuildServiceDeps;
  readonly #running = new Map<string, BuildRun>();

  constructor(deps: BuildServiceDeps) {
    this.#deps = deps;
  }

  /** Throws a Fault when the build is refused; whatever goes wrong later is told by its record. */
  start(request: BuildRequest, { signal }: { readonly signal?: AbortSignal } = {}): RunningBuild {
    const { database, newId, usualModel } = this.#deps;
    if (database()?.isAvailable() !== true) {
      const message = 'Builds are served as apps, which need the database; it is not there.';
      throw new Fault('database_unavailable', { message, retryAfterMs: 2000 });
    }
    if (this.#running.size >= mostAtOnce) {
      throw new Fault('shedding', { message: 'Other builds are going on; try again shortly.', retryAfterMs: 5000 });
    }
    const buildId = newId('bld');
    const model = request.model ?? usualModel();
    const run = new BuildRun({ buildId, model, request, signal }, this.#deps);
    this.#running.set(buildId, run);
    return { buildId, events: () => this.#events(run) };
  }

  /** undefined for a build that nobody knows. */
  async find(buildId: string): Promise<BuildRecord | undefined> {
    const running = this.#running.get(buildId)?.record();
    if (running) return running;
    const database = this.#deps.database();
    return database?.isAvailable() === true ? findBuild(database, buildId) : undefined;
  }

  async *#events(run: BuildRun): AsyncGenerator<BuildEvent> {
    try {
      yield* run.events();
    } finally {
      const build = run.end();
      try {
        const database = this.#deps.database();
        if (database?.isAvailable() === true) await saveBuild(database, build);
      } finally {
        this.#running.delete(build.buildId);
      }
    }
    yield { type: 'build', build: run.end() };
  }
}
