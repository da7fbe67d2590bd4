/** Where an alias of an app points. */
export interface AppAlias {
  readonly app: string;
  readonly alias: 'prod' | 'preview';
  readonly version: string;
  readonly previousVersion: string | null;
  readonly canary: { readonly version: string; readonly share: number } | null;
  /** Rises by one with each change. */
  readonly revision: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
}

/** An app with its aliases. */
export interface App {
  readonly name: string;
  readonly customer: string | null;
  readonly key: string | null;
  readonly createdAtMs: number;
  readonly aliases: readonly AppAlias[];
}

/** An immutable version of an app. */
export interface AppVersion {
  readonly app: string;
  readonly version: string;
  readonly digest: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly bundleBytes: number | null;
  readonly assets: number;
  readonly settings: { readonly [name: string]: unknown };
  readonly buildLog: string;
}

/** A file of an upload. */
export interface AppFile {
  readonly path: string;
  readonly content: string;
  readonly encoding?: 'utf8' | 'base64';
}

/** What a version is made of; either files or an archive. */
export interface AppVersionInput {
  readonly customer?: string | undefined;
  readonly files?: readonly AppFile[] | undefined;
  /** A tar or tar.gz in base64. */
  readonly archive?: string | undefined;
  readonly entry?: string | undefined;
  readonly assets?: string | undefined;
  readonly environment?: { readonly [name: string]: string } | undefined;
  readonly secrets?: readonly string[] | undefined;
  readonly limits?: { readonly [name: string]: number } | undefined;
  readonly network?: {
    readonly allow?: readonly string[];
    readonly headers?: readonly { host: string; name: string; secret: string; prefix?: string }[];
  };
  readonly models?: boolean | undefined;
  readonly digest?: string | undefined;
}

/** What an alias should point to, and what the caller saw before. */
export interface AppAliasInput {
  readonly alias: 'prod' | 'preview';
  readonly version: string;
  readonly expectedVersion?: string | null | undefined;
  readonly expectedRevision?: number | undefined;
  readonly canary?: { readonly version: string; readonly share: number } | null | undefined;
}

/** A line that an app wrote. */
export interface AppLogLine {
  readonly sequence: number;
  readonly atMs: number;
  readonly app: string;
  readonly version: string;
  readonly stream: 'stdout' | 'stderr' | 'system';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly requestId?: string;
  readonly text: string;
  readonly truncatedBytes?: number;
}

/** Which lines to read. */
export interface AppLogQuery {
  readonly limit?: number | undefined;
  readonly after?: number | undefined;
  readonly search?: string | undefined;
  readonly version?: string | undefined;
  readonly requestId?: string | undefined;
  readonly level?: AppLogLine['level'] | undefined;
}

/** How an app has been doing. */
export interface AppMetrics {
  readonly requests: number;
  readonly failures: number;
  readonly statuses: { readonly [statusClass: string]: number };
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly receipts: readonly {
    readonly version: string;
    readonly atMs: number;
    readonly code: string;
    readonly allowed?: number;
    readonly observed?: number;
    readonly detail?: string;
  }[];
}

/** A schedule as it is set. */
export interface AppScheduleInput {
  readonly name: string;
  readonly cron: string;
  readonly timeZone?: string | undefined;
  readonly overlap?: 'skip' | 'queue' | undefined;
}

/** A schedule with what came of it. */
export interface AppSchedule extends AppScheduleInput {
  readonly app: string;
  readonly nextDueAtMs: number | null;
  readonly lastRun: {
    readonly dueAtMs: number;
    readonly status: 'running' | 'succeeded' | 'failed' | 'skipped';
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
    readonly detail: string | null;
  } | null;
}

/** A secret without its value. */
export interface AppSecret {
  readonly name: string;
  readonly hint: string;
  readonly updatedAtMs: number;
}
