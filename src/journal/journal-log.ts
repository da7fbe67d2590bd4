/** One line for operators. */
export interface JournalLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: object;
}

/** Receives what operators should know about the journal; never facts. */
export type JournalLog = (entry: JournalLogEntry) => void;
