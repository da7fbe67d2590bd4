import type { ColumnType, Generated } from 'kysely';

/** When and how the failures of an app are fixed by themselves. */
export interface AppFixSettingTable {
  app: string;
  settings: ColumnType<unknown, string, string>;
  changed_at_ms: bigint;
}

/** Something that failed, with what is needed to try it again. */
export interface FailureTable {
  id: string;
  kind: 'run' | 'build' | 'app';
  /** The run's id, or the app's name. */
  subject: string;
  app: string | null;
  version: string | null;
  customer: string | null;
  /** The exchange that wrote the code. */
  request_id: string | null;
  signature: string;
  report: ColumnType<unknown, string, string>;
  /** Compressed; null when it was too large to keep. */
  program: Buffer | null;
  /** Its variables, sealed. */
  sealed: string | null;
  created_at_ms: bigint;
}

/** Work on a failure, from the wish to its end. */
export interface FixTable {
  id: string;
  failure_id: string;
  kind: 'run' | 'build' | 'app';
  subject: string;
  customer: string | null;
  state: 'queued' | 'running' | 'fixed' | 'unfixed' | 'failed';
  reason: string | null;
  detail: string | null;
  spec: ColumnType<unknown, string, string>;
  max_nanos: bigint;
  spent_nanos: Generated<bigint>;
  /** The question that is out, so that a crash counts it. */
  begun: ColumnType<unknown, string | null | undefined, string | null>;
  refused_patches: Generated<number>;
  patch: Generated<string>;
  files: Buffer | null;
  run_id: string | null;
  version: string | null;
  accepted: boolean | null;
  requested_by: string;
  created_at_ms: bigint;
  finished_at_ms: bigint | null;
  claimed_by: string | null;
  claimed_until_ms: Generated<bigint>;
}

/** One question to a model and what came of it. */
export interface FixAttemptTable {
  fix_id: string;
  number: number;
  request_id: string;
  model: string;
  verdict: string;
  cost_nanos: bigint | null;
  reserved_nanos: bigint;
  body: ColumnType<unknown, string, string>;
}

/** A failed program beside its fixed one. */
export interface FixPairTable {
  fix_id: string;
  customer: string;
  licence: 'allowed' | 'forbidden' | 'unknown';
  body: ColumnType<unknown, string, string>;
  created_at_ms: bigint;
}

/** Tables of failures and fixes. */
export interface FixTables {
  app_fix_setting: AppFixSettingTable;
  failure: FailureTable;
  fix: FixTable;
  fix_attempt: FixAttemptTable;
  fix_pair: FixPairTable;
}
