import { Fault } from '../../domain/faults/fault.ts';
import { JournalError } from '../../journal/index.ts';

/** What a client is told when something was thrown: a journal that fails it only for now, or a defect of ours. */
export function faultOfDefect(error: unknown): Fault {
  if (error instanceof JournalError) return new Fault('journal_full', { detail: error.message, cause: error });
  return Fault.is(error) ? error : new Fault('internal', { cause: error });
}
