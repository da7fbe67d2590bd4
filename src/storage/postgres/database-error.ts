/** What stands in the way of a database, for callers that decide by it. */
export type DatabaseErrorCode =
  | 'locked'
  | 'disk_full'
  | 'engine_missing'
  | 'engine_failed'
  | 'major_mismatch'
  | 'server_too_old'
  | 'unreachable'
  | 'schema_newer'
  | 'schema_changed'
  | 'backup_damaged'
  | 'not_empty';

/** A database that cannot be opened or used; the message is one sentence for the operator. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
