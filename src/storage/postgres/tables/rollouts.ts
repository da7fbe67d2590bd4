import type { ColumnType } from 'kysely';

/** One rollout. */
export interface RolloutTable {
  id: string;
  job: string;
  plan: ColumnType<unknown, string, never>;
  state: ColumnType<unknown, string, string>;
  stage: 'offline' | 'shadow' | 'canary' | 'promoted' | 'rolled_back' | 'needs_more';
  created_at_ms: bigint;
  changed_at_ms: bigint;
}

/** Tables of rollouts. */
export interface RolloutTables {
  rollout: RolloutTable;
}
