import type { JsonColumn } from './control.ts';

/** An app by its name. */
export interface AppTable {
  name: string;
  customer_id: string | null;
  /** The key that the app calls models with, and its secret under seal. */
  key_name: string | null;
  sealed_key: string | null;
  created_at_ms: bigint;
}

/** An immutable version; its bytes are blobs. */
export interface AppVersionTable {
  app: string;
  version: string;
  digest: string;
  manifest: JsonColumn<unknown>;
  build_log: string;
  /** Blob of the files that it was built from; null for versions of before they were kept. */
  source_sha256: string | null;
  created_at_ms: bigint;
  created_by: string;
}

/** Where an alias points; the revision makes each change a compare-and-swap. */
export interface AppAliasTable {
  app: string;
  alias: 'prod' | 'preview';
  version: string;
  previous_version: string | null;
  canary_version: string | null;
  canary_share: number | null;
  revision: bigint;
  changed_at_ms: bigint;
  changed_by: string;
}

/** A secret of an app, sealed. */
export interface AppSecretTable {
  app: string;
  name: string;
  sealed: string;
  hint: string;
  updated_at_ms: bigint;
}

/** A schedule with its next due time and who works on it. */
export interface AppScheduleTable {
  app: string;
  name: string;
  cron: string;
  time_zone: string;
  overlap: 'skip' | 'queue';
  next_due_at_ms: bigint | null;
  lease_owner: string | null;
  lease_until_ms: bigint | null;
}

/** One due time: its row is what makes it happen once. */
export interface AppScheduleRunTable {
  app: string;
  schedule: string;
  due_at_ms: bigint;
  status: 'running' | 'succeeded' | 'failed' | 'skipped';
  started_at_ms: bigint;
  ended_at_ms: bigint | null;
  detail: string | null;
}

/** Tables of apps. */
export interface AppTables {
  app: AppTable;
  app_version: AppVersionTable;
  app_alias: AppAliasTable;
  app_secret: AppSecretTable;
  app_schedule: AppScheduleTable;
  app_schedule_run: AppScheduleRunTable;
}
