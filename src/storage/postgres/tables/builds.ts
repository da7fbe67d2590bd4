import type { JsonColumn } from './control.ts';

/** A build that ended. */
export interface BuildTable {
  build_id: string;
  customer: string | null;
  started_at_ms: bigint;
  record: JsonColumn<unknown>;
}

/** Tables about builds. */
export interface BuildTables {
  build: BuildTable;
}
