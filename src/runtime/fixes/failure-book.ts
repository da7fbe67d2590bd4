import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Database } from '../../storage/index.ts';
import type { Sealer } from '../../tenants/index.ts';
import { errorSignature } from './failure-report.ts';
import { type FailedProgram, type Failure, type KeptFailure, packProgram, unpackProgram } from './failure-record.ts';
import { findFailure, insertFailure, pruneFailures, type StoredFailure } from './failure-store.ts';

/** What failures are kept with. */
export interface FailureBookDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  sealer(): Sealer;
  database(): Database | undefined;
}

/** A failure as it is told. */
export interface ToldFailure extends Pick<Failure, 'kind' | 'subject' | 'report'> {
  readonly app?: string;
  readonly version?: string;
  readonly customer?: string | undefined;
  readonly requestId?: string | undefined;
  readonly program: FailedProgram;
  readonly environment?: Readonly<Record<string, string>>;
}

const mostRemembered = 200;
const mostRememberedBytes = 32 * 1024 * 1024;
const mostWaiting = 64;
const pruneEvery = 100;

/** What a failure's variables are sealed for. */
const purposeOf = (id: string): string => `failure:${id}`;

/** Failures: the last ones in memory at once, all of them in the database when there is one. Both are bounded. */
export class FailureBook {
  readonly #deps: FailureBookDeps;
  readonly #recent = new Map<string, StoredFailure>();
  #rememberedBytes = 0;
  #waiting = 0;
  #inserted = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: FailureBookDeps) {
    this.#deps = deps;
  }

  /** Takes a failure in; it can be found at once. */
  note(told: ToldFailure): Failure {
    const { clock, newId, sealer } = this.#deps;
    const { kind, subject, report, program, environment = {} } = told;
    const id = newId('fal');
    const packed = kind === 'app' || hasProgram(program) ? packProgram(program) : undefined;
    const failure: Failure = {
      id,
      kind,
      subject,
      app: told.app ?? null,
      version: told.version ?? null,
      customer: told.customer ?? null,
      requestId: told.requestId ?? null,
      signature: errorSignature(report),
      report,
      canRunAgain: packed !== undefined,
      createdAtMs: clock.nowMs(),
    };
    const hasVariables = Object.keys(environment).length > 0;
    const sealed = hasVariables ? sealer().seal(JSON.stringify(environment), purposeOf(id)) : undefined;
    const stored = { failure, packed, sealed };
    this.#remember(stored);
    this.#write(stored);
    return failure;
  }

  /** The latest failure of a run or an app, or one by its id, with what it takes to try it again. */
  async find(
    by: { readonly id: string } | { readonly subject: string },
    database: Pick<Database, 'db'> | undefined,
  ): Promise<KeptFailure | undefined> {
    const recent = [...this.#recent.values()].findLast(({ failure }) =>
      'id' in by ? failure.id === by.id : failure.subject === by.subject,
    );
    if (recent) {
      const program = recent.packed && unpackProgram<FailedProgram>(recent.packed);
      return { failure: recent.failure, program, environment: this.#open(recent.failure.id, recent.sealed) };
    }
    const found = database && (await findFailure(database, by));
    return found && { ...found, environment: this.#open(found.failure.id, found.sealed ?? undefined) };
  }

  /** Makes sure that a failure is in the database, for what refers to it. */
  async keep(id: string, database: Pick<Database, 'db'>): Promise<void> {
    const recent = this.#recent.get(id);
    if (recent) await insertFailure(database, recent);
  }

  /** Resolves when what was told is in the database, as far as there is one. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #open(id: string, sealed: string | undefined): Readonly<Record<string, string>> {
    if (sealed === undefined) return {};
    return JSON.parse(this.#deps.sealer().open(sealed, purposeOf(id))) as Readonly<Record<string, string>>;
  }

  #remember(stored: StoredFailure): void {
    this.#recent.set(stored.failure.id, stored);
    this.#rememberedBytes += stored.packed?.length ?? 0;
    while (this.#recent.size > mostRemembered || this.#rememberedBytes > mostRememberedBytes) {
      const [oldest] = this.#recent.values();
      if (oldest === undefined) return;
      this.#recent.delete(oldest.failure.id);
      this.#rememberedBytes -= oldest.packed?.length ?? 0;
    }
  }

  /** In the background: a run does not wait for it. When too many wait, memory alone has the rest. */
  #write(stored: StoredFailure): void {
    if (this.#waiting >= mostWaiting) return;
    this.#waiting += 1;
    this.#writing = this.#writing.then(async () => {
      const database = this.#deps.database();
      try {
        if (database?.isAvailable() !== true) return;
        await insertFailure(database, stored);
        if (this.#inserted++ % pruneEvery === 0) await pruneFailures(database);
      } catch (error) {
        this.#deps.logger.warn({ err: error, failure: stored.failure.id }, 'a failure could not be kept');
      } finally {
        this.#waiting -= 1;
      }
    });
  }
}

function hasProgram({ run, upload }: FailedProgram): boolean {
  return run !== undefined || upload !== undefined;
}
