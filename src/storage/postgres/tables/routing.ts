import type { ColumnType, Generated } from 'kysely';

/** One version of a job that the control API made. */
export interface JobVersionTable {
  job: string;
  version: number;
  /** Name and digest of the settings. */
  id: string;
  settings: ColumnType<unknown, string, never>;
  /** The last version of a job that was taken away. */
  is_archived: boolean;
  created_at_ms: bigint;
}

/** An outcome as every gateway learns from it. */
export interface RoutingOutcomeTable {
  seq: Generated<bigint>;
  outcome_id: string;
  at_ms: bigint;
  fact: ColumnType<unknown, string, never>;
}

/** Tables of jobs and learning. */
export interface RoutingTables {
  job_version: JobVersionTable;
  routing_outcome: RoutingOutcomeTable;
}
