/** A sealed segment as retention sees it. */
export interface StoredSegment {
  readonly segment: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What may stay. */
export interface RetentionRule {
  readonly nowMs: number;
  readonly retentionMs: number;
  readonly maxTotalBytes: number;
  /** This segment and younger ones stay, whatever the limits say: some projection has not read them to their end. */
  readonly keepFrom?: number;
}

/** A segment to delete and the limit it is over. */
export interface ExpiredSegment extends StoredSegment {
  readonly why: 'age' | 'share';
}

/** Chooses sealed segments to delete, oldest first; a younger one never goes before an older one. */
export function expiredSegments(sealed: readonly StoredSegment[], rule: RetentionRule): ExpiredSegment[] {
  let totalBytes = sealed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const expired: ExpiredSegment[] = [];
  for (const segment of sealed.toSorted((one, other) => one.segment - other.segment)) {
    if (segment.segment >= (rule.keepFrom ?? Number.POSITIVE_INFINITY)) break;
    const tooMuch = totalBytes > rule.maxTotalBytes;
    if (!tooMuch && rule.nowMs - segment.modifiedMs <= rule.retentionMs) break;
    expired.push({ ...segment, why: tooMuch ? 'share' : 'age' });
    totalBytes -= segment.sizeBytes;
  }
  return expired;
}
