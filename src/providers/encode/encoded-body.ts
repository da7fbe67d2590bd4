/** A body for the upstream and what became of the client's fields on the way. */
export interface EncodedBody {
  readonly bytes: Buffer | undefined;
  /** The client's own bytes but for the edits: the answer may pass through as well. */
  readonly passThrough: boolean;
  readonly usageAdded: boolean;
  readonly emulatesSchema: boolean;
  readonly dropped: readonly string[];
  readonly added: readonly string[];
}
