/** One forward step of the schema; once released its SQL never changes. */
export interface Migration {
  /** Grows from one to the next. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** For statements like CREATE INDEX CONCURRENTLY; the SQL must then be repeatable, since a crash runs it again. */
  readonly outsideTransaction?: true;
}
