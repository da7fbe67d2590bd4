export type { Journal, JournalPosition } from './contract.ts';
export { type CursorBatch, JournalCursor, journalStart, type RawFact } from './journal-cursor.ts';
export { JournalError } from './journal-error.ts';
export { openJournal } from './open-journal.ts';
export { comparePositions } from './segments/segment-meta.ts';
export {
  type JournalReport,
  listGateways,
  readJournalDirectory,
  readJournalSegment,
  type SegmentReport,
  verifyJournal,
} from './verify-journal.ts';
