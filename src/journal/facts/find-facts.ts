import type { Fact } from '../../domain/facts/facts.ts';
import { idTimeMs } from '../../platform/ids.ts';
import type { JournalPosition } from '../contract.ts';
import type { SegmentMark } from '../segments/segment-meta.ts';
import type { SegmentReader } from '../segments/segment-reader.ts';

/** Rounding between the id of a request and its first fact. */
const slackMs = 10;
/** An id without any fact this long after its time is unknown. */
const firstFactWithinMs = 120_000;
/** An exchange still without final after this time is reported with what is there. */
const lastFactWithinMs = 3_600_000;

/** What a search looks into. */
export interface SearchSpace {
  readonly reader: SegmentReader;
  /** All segments, oldest first; the last one is open. */
  readonly segments: readonly number[];
  readonly durable: JournalPosition;
  /** Marks of the open segment; those of sealed ones are in their footers. */
  readonly openMarks: readonly SegmentMark[];
}

/**
 * Facts of one exchange up to its final or abort. The latest fact time before each segment and mark never falls, even
 * when the clock does, so a binary search finds where the id's time begins; from there frames are stepped over.
 */
export async function findFacts(space: SearchSpace, requestId: string): Promise<readonly Fact[]> {
  const timeMs = idTimeMs(requestId);
  const needle = Buffer.from(`"requestId":${JSON.stringify(requestId)}`, 'utf8');
  const { reader, segments } = space;
  const startIndex = timeMs === undefined ? Math.max(0, segments.length - 2) : await firstIndex(space, timeMs);
  const found: Fact[] = [];
  for (let index = startIndex; index < segments.length; index += 1) {
    const segment = segments[index];
    if (segment === undefined || (timeMs !== undefined && index > startIndex && (await isTooLate(space, segment))))
      break;
    const end = await endOf(space, index);
    const from = timeMs === undefined || index > startIndex ? 0 : await startOffset(space, { segment, end, timeMs });
    for await (const batch of reader.facts({ segment, from, end }, needle)) {
      for (const { fact } of batch) if (fact.requestId === requestId) found.push(fact);
      if (found.some(isLast)) return found;
    }
  }
  return found;

  async function isTooLate(within: SearchSpace, segment: number): Promise<boolean> {
    const { maxAtMs } = await within.reader.header(segment);
    return maxAtMs > (timeMs ?? 0) + (found.length > 0 ? lastFactWithinMs : firstFactWithinMs);
  }
}

/** Last segment before which everything is older than the id. */
async function firstIndex({ reader, segments }: SearchSpace, timeMs: number): Promise<number> {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const { maxAtMs } = await reader.header(segments[middle] ?? 0);
    if (maxAtMs < timeMs - slackMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function endOf({ reader, segments, durable }: SearchSpace, index: number): Promise<number> {
  const next = segments[index + 1];
  return next === undefined ? durable.offset : reader.endOf(segments[index] ?? 0, next);
}

async function startOffset(
  { reader, durable, openMarks }: SearchSpace,
  place: { segment: number; end: number; timeMs: number },
): Promise<number> {
  const { segment, end, timeMs } = place;
  const marks = segment === durable.segment ? openMarks : (await reader.footer(segment, end))?.marks;
  const mark = marks?.findLast(([, maxAtMs]) => maxAtMs < timeMs - slackMs);
  return mark?.[0] ?? 0;
}

function isLast(fact: Fact): boolean {
  return fact.type === 'final' || fact.type === 'abort' || fact.type === 'run';
}
