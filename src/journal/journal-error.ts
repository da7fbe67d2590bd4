/** What went wrong with a journal, for callers that react differently. */
export type JournalErrorCode = 'locked' | 'lost' | 'damaged' | 'full' | 'closed';

/** A failure of the journal itself; its message is for operators. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'JournalError';
    this.code = code;
  }

  /** Whether something thrown is a journal failure of a kind. */
  static is(error: unknown, code: JournalErrorCode): error is JournalError {
    return error instanceof JournalError && error.code === code;
  }
}

/** One line about anything that was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
