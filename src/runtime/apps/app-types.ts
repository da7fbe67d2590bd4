import type { FunctionLimits } from '../functions/index.ts';

/** Names that point to a version of an app. */
export const aliasNames = ['prod', 'preview'] as const;

/** One of them. */
export type AliasName = (typeof aliasNames)[number];

/** A header that the way out adds for a host, its value by the name of a secret. */
export interface HeaderRule {
  readonly host: string;
  readonly name: string;
  readonly secret: string;
  /** Put before the value: `Bearer `. */
  readonly prefix?: string | undefined;
}

/** What an app may reach; nothing unless said. */
export interface NetworkRules {
  readonly allow: readonly string[];
  readonly headers: readonly HeaderRule[];
}

/** What a version is besides its code: part of its digest. */
export interface VersionSettings {
  readonly environment: { readonly [name: string]: string };
  /** Names of the app's secrets that the guest sees as variables. */
  readonly secrets: readonly string[];
  readonly limits: Partial<FunctionLimits>;
  readonly network: NetworkRules;
  /** Whether the app may call models, with a key of its own. */
  readonly models: boolean;
}

/** A file that is served as it is. */
export interface AssetEntry {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** All that makes a version, by digests. */
export interface VersionManifest {
  /** Digest of the bundled module; null for a site of static files only. */
  readonly bundle: { readonly sha256: string; readonly sizeBytes: number } | null;
  readonly assets: readonly AssetEntry[];
  readonly settings: VersionSettings;
}

/** An immutable version of an app. */
export interface AppVersion {
  readonly app: string;
  /** `ver_` and the first half of the digest. */
  readonly version: string;
  /** `sha256:` over code, assets and settings. */
  readonly digest: string;
  readonly manifest: VersionManifest;
  readonly buildLog: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
}

/** An app: a name, who it belongs to, and where its aliases point. */
export interface App {
  readonly name: string;
  /** Null: the organisation's own. */
  readonly customer: string | null;
  /** Name of the key that it calls models with. */
  readonly key: string | null;
  readonly createdAtMs: number;
}

/** Where an alias points. Each change raises the revision by one. */
export interface Alias {
  readonly app: string;
  readonly alias: AliasName;
  readonly version: string;
  /** What it pointed to before; kept warm for a rollback. */
  readonly previousVersion: string | null;
  readonly canary: Canary | null;
  readonly revision: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
}

/** A version that gets a share of the requests. */
export interface Canary {
  readonly version: string;
  /** Above 0 and at most 1. */
  readonly share: number;
}

/** What happens to a due time while the one before is still at work. */
export type Overlap = 'skip' | 'queue';

/** A schedule as it is set. */
export interface ScheduleSettings {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: Overlap;
}

/** A schedule with what came of it. */
export interface Schedule extends ScheduleSettings {
  readonly app: string;
  readonly nextDueAtMs: number | null;
  readonly lastRun: ScheduleRun | null;
}

/** One due time of a schedule and what became of it. */
export interface ScheduleRun {
  readonly dueAtMs: number;
  readonly status: 'running' | 'succeeded' | 'failed' | 'skipped';
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly detail: string | null;
}
