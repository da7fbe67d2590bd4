import { Fault } from '../../../domain/faults/fault.ts';
import { LedgerError } from '../../../ledger/index.ts';

const connectionCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT']);

/** What a thrown value means to a client; what the database refused is told as what it is. */
export function toFault(error: unknown): Fault {
  if (Fault.is(error)) return error;
  if (error instanceof LedgerError) return ledgerFault(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (isConnectionCode(code) || /connection terminated|timeout exceeded when trying to connect/i.test(String(error))) {
    const message = 'The database does not answer right now; requests go on without it. Try again.';
    return new Fault('database_unavailable', { message, retryAfterMs: 2000, cause: error });
  }
  if (code === '23505') {
    return new Fault('conflict', { message: 'There is already one of this name or id; choose another.', cause: error });
  }
  if (code === '23503') {
    const message = 'Something that the change refers to does not exist, or is still in use.';
    return new Fault('conflict', { message, cause: error });
  }
  return new Fault('internal', { cause: error });
}

/** What the books refuse is a contradiction to what is posted, or something that cannot be posted at all. */
function ledgerFault(error: LedgerError): Fault {
  const { code, message } = error;
  if (code === 'invalid' && message === 'cursor') {
    return new Fault('invalid_request', {
      message: 'cursor must be the nextCursor of the page before.',
      param: 'cursor',
    });
  }
  if (code === 'unknown_txn') return new Fault('not_found', { message, cause: error });
  if (code === 'conflict' || code === 'over_reversed') return new Fault('conflict', { message, cause: error });
  if (code === 'invalid' || code === 'out_of_range') return new Fault('invalid_request', { message, cause: error });
  return new Fault('internal', { cause: error });
}

/** Classes 08 (connection), 53 (resources), 57P (shutdown) of SQLSTATE, and the system's own words. */
function isConnectionCode(code: string): boolean {
  return connectionCodes.has(code) || /^(08|53|57P)/.test(code);
}
