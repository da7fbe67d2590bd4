import type { ColumnType } from 'kysely';

/** One outcome fact; the journal is its truth. */
export interface OutcomeTable {
  outcome_id: string;
  request_id: string;
  /** Empty: none. */
  job: string;
  model: string;
  host: string;
  customer: string;
  end_user: string;
  kind: string;
  value: number | null;
  weight: number | null;
  label: string | null;
  amount_nanos: bigint | null;
  minutes_saved: number | null;
  source: string;
  grader: string | null;
  run_id: string | null;
  retracts: string | null;
  supersedes: string | null;
  idempotency_key: string | null;
  posted_by: string;
  at_ms: bigint;
  received_at_ms: bigint;
}

/** One evaluation of candidates on items. */
export interface EvalRunTable {
  id: string;
  job: string;
  state: 'queued' | 'running' | 'completed' | 'stopped' | 'failed';
  spec: ColumnType<unknown, string, string>;
  /** Names and versions: another rule makes another series. */
  graders: string;
  item_count: number;
  max_nanos: bigint;
  spent_nanos: bigint;
  /** Set aside for calls that run; after a crash it counts as spent. */
  reserved_nanos: ColumnType<bigint, bigint | undefined, bigint>;
  detail: string | null;
  report: ColumnType<unknown, string | null, string | null>;
  created_at_ms: bigint;
  finished_at_ms: bigint | null;
  claimed_by: string | null;
  claimed_until_ms: ColumnType<bigint, bigint | undefined, bigint>;
}

/** One item of a run, in its order of planning. */
export interface EvalItemTable {
  run_id: string;
  item_id: string;
  ordinal: number;
  /** Of its prompt and expectation: the same item in another run is known by it. */
  digest: string;
  body: ColumnType<unknown, string, string>;
}

/** One graded answer. */
export interface EvalResultTable {
  run_id: string;
  item_id: string;
  candidate: string;
  sample: number;
  request_id: string;
  host: string;
  /** null: nothing can be said, which is no failure. */
  score: number | null;
  verdict: 'pass' | 'fail' | 'unknown' | 'error';
  reasons: ColumnType<readonly string[], string, string>;
  answer: string;
  cost_nanos: bigint | null;
  output_units: bigint;
  first_byte_ms: number | null;
  total_ms: number;
  at_ms: bigint;
}

/** Tables of outcomes and evaluations. */
export interface EvalTables {
  outcome: OutcomeTable;
  eval_run: EvalRunTable;
  eval_item: EvalItemTable;
  eval_result: EvalResultTable;
}
