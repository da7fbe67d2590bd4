export type { Durability, Journal, JournalPosition, JournalState } from './contract.ts';
export { type CursorBatch, type CursorLimits, JournalCursor, journalStart, type RawFact } from './journal-cursor.ts';
export { JournalError, type JournalErrorCode } from './journal-error.ts';
export type { JournalLog, JournalLogEntry } from './journal-log.ts';
export { defaultJournalLimits, type JournalSettings, openJournal } from './open-journal.ts';
export type { PlacedFact } from './segments/segment-reader.ts';
export { comparePositions } from './segments/segment-meta.ts';
export {
  type GatewayReport,
  type JournalReport,
  listGateways,
  readJournalDirectory,
  readJournalSegment,
  type SegmentReport,
  verifyJournal,
} from './verify-journal.ts';
export type { JournalLimits } from './writer/writer-protocol.ts';
