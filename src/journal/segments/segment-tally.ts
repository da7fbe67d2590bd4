import { readFactField } from '../facts/fact-fields.ts';
import { factFrame, isFactFrame, segmentFrame } from './frame-types.ts';
import {
  type OpenExchange,
  parseBody,
  type SegmentCarry,
  type SegmentFooter,
  type SegmentMark,
} from './segment-meta.ts';

const markEveryBytes = 1024 * 1024;
/** Beyond this the oldest open exchange is forgotten: it would get no `abort` after a crash. */
const openExchangeLimit = 100_000;

/** Running sums of one segment; writer, recovery and audit use the same ones. */
export interface SegmentTally {
  /** Counts the frame at an offset. */
  add(type: number, body: Buffer, offset: number): void;
  /** Takes over an exchange that was open when the segment began. */
  carry(exchange: OpenExchange): void;
  /** Facts counted. */
  rows(): number;
  /** Latest fact time in this and all earlier segments. */
  maxAtMs(): number;
  open(): readonly OpenExchange[];
  lastMark(): SegmentMark | undefined;
  footer(sha256: string): SegmentFooter;
}

/** Starts the sums of a segment; `startMaxAtMs` is the latest fact time before it. */
export function createSegmentTally(startMaxAtMs: number): SegmentTally {
  const open = new Map<string, OpenExchange>();
  const marks: SegmentMark[] = [];
  let rows = 0;
  let costNanos = 0n;
  let chargeNanos = 0n;
  let minAtMs = Number.POSITIVE_INFINITY;
  let maxAtMs = Number.NEGATIVE_INFINITY;
  let highestAtMs = startMaxAtMs;
  let nextMark = markEveryBytes;

  const carry = (exchange: OpenExchange): void => void open.set(exchange.requestId, exchange);
  const addFact = (type: number, body: Buffer): void => {
    rows += 1;
    const atMs = Number(readFactField(body, type === factFrame.attempt ? 'startedAtMs' : 'atMs'));
    if (Number.isFinite(atMs)) {
      minAtMs = Math.min(minAtMs, atMs);
      maxAtMs = Math.max(maxAtMs, atMs);
      highestAtMs = Math.max(highestAtMs, atMs);
    }
    follow(open, type, body);
    if (type === factFrame.final || type === factFrame.abort) {
      costNanos += nanos(readFactField(body, 'costNanos'));
      chargeNanos += nanos(readFactField(body, 'chargeNanos'));
    }
  };

  return {
    add: (type, body, offset) => {
      if (offset >= nextMark) {
        marks.push([offset, highestAtMs]);
        nextMark = offset + markEveryBytes;
      }
      if (type === segmentFrame.carry) {
        for (const exchange of parseBody<SegmentCarry>(body).open) carry(exchange);
      } else if (isFactFrame(type)) addFact(type, body);
    },
    carry,
    rows: () => rows,
    maxAtMs: () => highestAtMs,
    open: () => [...open.values()],
    lastMark: () => marks.at(-1),
    footer: (sha256) => ({
      rows,
      costNanos: costNanos.toString(),
      chargeNanos: chargeNanos.toString(),
      ...(rows > 0 && Number.isFinite(minAtMs) ? { minAtMs, maxAtMs } : {}),
      marks,
      sha256,
    }),
  };
}

/** Estimated cost of an exchange that a crash cut: what was spent, else what was held for it. */
export function estimatedCostNanos(exchange: OpenExchange): string | null {
  return exchange.spentNanos ?? exchange.heldNanos ?? null;
}

function follow(open: Map<string, OpenExchange>, type: number, body: Buffer): void {
  if (type !== factFrame.open && open.size === 0) return;
  const requestId = readFactField(body, 'requestId');
  if (requestId === undefined) return;
  if (type === factFrame.open) {
    if (open.size >= openExchangeLimit) forgetOldest(open);
    const heldNanos = readFactField(body, 'heldNanos');
    open.set(requestId, heldNanos === undefined ? { requestId } : { requestId, heldNanos });
  } else if (type === factFrame.final || type === factFrame.abort) open.delete(requestId);
  else if (type === factFrame.attempt) addSpent(open, requestId, body);
}

/** Only successful attempts count: while none is recorded, the hold is the better estimate. */
function addSpent(open: Map<string, OpenExchange>, requestId: string, body: Buffer): void {
  const known = open.get(requestId);
  const costNanos = readFactField(body, 'costNanos');
  if (!known || costNanos === undefined || readFactField(body, 'fault') !== undefined) return;
  open.set(requestId, { ...known, spentNanos: (nanos(known.spentNanos) + nanos(costNanos)).toString() });
}

function forgetOldest(open: Map<string, OpenExchange>): void {
  const oldest = open.keys().next();
  if (!oldest.done) open.delete(oldest.value);
}

/** A fact with a malformed amount must not stop the journal: the projector quarantines it, here it counts as nothing. */
function nanos(text: string | undefined): bigint {
  return text !== undefined && /^-?\d{1,30}$/.test(text) ? BigInt(text) : 0n;
}
