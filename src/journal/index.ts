export type { Durability, Journal, JournalPosition, JournalState } from './contract.ts';
export { JournalError, type JournalErrorCode } from './journal-error.ts';
export type { JournalLog, JournalLogEntry } from './journal-log.ts';
export { createMemoryJournal, type MemoryJournal } from './memory-journal.ts';
export { defaultJournalLimits, type JournalSettings, openJournal } from './open-journal.ts';
export type { PlacedFact } from './segment-reader.ts';
export {
  type GatewayReport,
  type JournalReport,
  readJournalDirectory,
  type SegmentReport,
  verifyJournal,
} from './verify-journal.ts';
export type { JournalLimits } from './writer-protocol.ts';
