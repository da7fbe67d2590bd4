/** What went wrong with the books or a projection, for callers that react differently. */
export type LedgerErrorCode =
  /** Another projector has taken over this journal. */
  | 'fenced'
  /** The same operation key with another content. */
  | 'conflict'
  /** Entries do not sum to zero, or there are none. */
  | 'unbalanced'
  /** An amount that 64 bits cannot hold; refused, never wrapped. */
  | 'out_of_range'
  /** More is to be taken back than was posted. */
  | 'over_reversed'
  | 'unknown_txn'
  /** The journal does not reach back to its beginning. */
  | 'incomplete_journal'
  /** Something that a caller gave cannot be used; the message names it. */
  | 'invalid';

/** A failure of ledger or projection; its message is for operators. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.name = 'LedgerError';
    this.code = code;
  }

  /** Whether something thrown is a ledger failure of a kind. */
  static is(error: unknown, code: LedgerErrorCode): error is LedgerError {
    return error instanceof LedgerError && error.code === code;
  }
}
