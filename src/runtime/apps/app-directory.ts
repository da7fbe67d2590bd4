import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import type { FunctionHost } from '../functions/index.ts';
import type { Alias, AliasName } from './app-types.ts';
import { appsChannel } from './app-store.ts';
import { type LiveRows, readLive } from './live-store.ts';
import { type LiveVersion, type LiveVersionDeps, toLiveVersion } from './live-version.ts';

/** Where the requests of an alias go. */
export interface LiveAlias {
  readonly alias: Alias;
  readonly stable: LiveVersion;
  readonly canary: { readonly version: LiveVersion; readonly share: number } | undefined;
}

/** What a directory is kept with. */
export interface DirectoryDeps extends LiveVersionDeps {
  readonly host: FunctionHost;
  readonly clock: Clock;
  /** Told when the rows could not be read; the last ones stay. */
  troubled(error: unknown): void;
}

const pollMs = 5000;

/** What is served, in memory: requests never wait for the database, and changes are seen at once by notification. */
export class AppDirectory {
  readonly #deps: DirectoryDeps;
  #aliases: ReadonlyMap<string, LiveAlias> = new Map();
  #versions: ReadonlyMap<string, LiveVersion> = new Map();
  #reading: Promise<void> | undefined;
  #isStale = false;

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
  }

  find(app: string, alias: AliasName): LiveAlias | undefined {
    return this.#aliases.get(`${alias}--${app}`);
  }

  /** Every alias that is served. */
  all(): Iterable<LiveAlias> {
    return this.#aliases.values();
  }

  /** Follows the rows of a database; answers how to stop. */
  async follow(database: Database): Promise<() => Promise<void>> {
    await this.refresh(database);
    const refresh = (): void => void this.refresh(database).catch((error: unknown) => this.#deps.troubled(error));
    return database.listen(appsChannel, refresh, { pollMs });
  }

  /** Reads the rows anew; calls while it reads share the next reading. */
  async refresh(database: Pick<Database, 'db'>): Promise<void> {
    if (this.#reading !== undefined) {
      this.#isStale = true;
      return this.#reading;
    }
    this.#reading = (async () => {
      do {
        this.#isStale = false;
        this.#adopt(await readLive(database));
      } while (this.#isStale);
    })().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  #adopt(rows: LiveRows): void {
    const versions = new Map<string, LiveVersion>();
    for (const row of rows.versions) {
      const made = toLiveVersion(row, rows, this.#deps);
      const key = `${made.app}/${made.version}`;
      const known = this.#versions.get(key);
      versions.set(key, known?.generation === made.generation ? known : made);
    }
    const aliases = new Map<string, LiveAlias>();
    for (const alias of rows.aliases) {
      const stable = versions.get(`${alias.app}/${alias.version}`);
      const tried = alias.canary && versions.get(`${alias.app}/${alias.canary.version}`);
      if (stable === undefined) continue;
      const canary = tried && alias.canary ? { version: tried, share: alias.canary.share } : undefined;
      aliases.set(`${alias.alias}--${alias.app}`, { alias, stable, canary });
    }
    this.#versions = versions;
    this.#aliases = aliases;
    this.#deps.host.keep([...versions.values()].filter(({ hasCode }) => hasCode));
  }
}
