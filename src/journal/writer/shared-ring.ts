import { frameHeaderBytes, measureFrame, writeFrameHeader } from '../segments/frame-codec.ts';

/** What the writer has made durable; always read and written as one. */
export interface Progress {
  /** Frames durable since the journal was opened, modulo 2^32. */
  readonly frames: number;
  /** Ring index behind the last durable frame: where a new writer goes on. */
  readonly tail: number;
  readonly segment: number;
  /** End of the durable part of the segment. */
  readonly offset: number;
}

/** How the writer sleeps, and so what has to wake it. */
export const sleep = { awake: 0, untilBell: 1, untilFrame: 2 } as const;

const word = {
  published: 0,
  bell: 1,
  sleeping: 2,
  acksWanted: 3,
  closing: 4,
  version: 5,
  released: 6,
  keepFrom: 7,
  slots: 8,
} as const;
const slotWords = 4;
const controlBytes = 256;
const wrapMark = 0;

/**
 * Makes the memory shared by the main thread, which appends frames, and the writer thread, which makes them durable.
 * A frame stays in it until it is durable, so a damaged file or a dead writer loses nothing.
 */
export function createRingMemory(sizeBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(controlBytes + sizeBytes);
}

/** The main thread's end. */
export interface RingProducer {
  /** Writes a frame, or nothing and returns false when there is no room. */
  push(type: number, text: string): boolean;
  /** Frames pushed so far, modulo 2^32. */
  pushed(): number;
  usedBytes(): number;
  progress(): Progress;
  /** Asks the writer to flush at once. */
  ringBell(): void;
  /** Whether the writer should post a message when frames became durable. */
  wantAcks(wanted: boolean): void;
  /** Retention must keep this segment and all behind it. */
  keepFrom(segment: number): void;
  /** Tells the writer to write what is left and end. */
  requestClose(): void;
}

/** Opens the producing end of a ring. */
export function openRingProducer(memory: SharedArrayBuffer): RingProducer {
  const control = new Int32Array(memory, 0, controlBytes / 4);
  const data = Buffer.from(memory, controlBytes);
  const size = data.length;
  let head = 0;
  let pushed = 0;

  /** Start of `needed` contiguous bytes; undefined when the ring is too full. One byte stays free: full is not empty. */
  const reserve = (needed: number): number | undefined => {
    const tail = Atomics.load(control, word.released);
    if (head < tail) return head + needed < tail ? head : undefined;
    if (head + needed < size) return head;
    if (needed >= tail) return undefined;
    if (size - head >= frameHeaderBytes) data.writeUInt16LE(wrapMark, head);
    return 0;
  };
  const ringBell = (): void => {
    Atomics.add(control, word.bell, 1);
    if (Atomics.load(control, word.sleeping) !== sleep.awake) Atomics.notify(control, word.bell);
  };
  return {
    push: (type, text) => {
      const at = reserve(frameHeaderBytes + byteLengthBound(text));
      if (at === undefined) return false;
      const bodyBytes = data.write(text, at + frameHeaderBytes, 'utf8');
      writeFrameHeader(data, at, { type, bodyBytes });
      head = at + frameHeaderBytes + bodyBytes;
      pushed = (pushed + 1) | 0;
      Atomics.store(control, word.published, pushed);
      if (Atomics.load(control, word.sleeping) === sleep.untilFrame) ringBell();
      return true;
    },
    pushed: () => pushed,
    usedBytes: () => {
      const used = head - Atomics.load(control, word.released);
      return used < 0 ? used + size : used;
    },
    progress: () => readProgress(control),
    ringBell,
    keepFrom: (segment) => void Atomics.store(control, word.keepFrom, segment),
    wantAcks: (wanted) => void Atomics.store(control, word.acksWanted, wanted ? 1 : 0),
    requestClose: () => {
      Atomics.store(control, word.closing, 1);
      ringBell();
    },
  };
}

/** The writer thread's end. */
export interface RingConsumer {
  readonly data: Buffer;
  progress(): Progress;
  publish(progress: Progress): void;
  /** Gives the memory before an index back to the producer. */
  release(index: number): void;
  published(): number;
  bell(): number;
  acksWanted(): boolean;
  closing(): boolean;
  /** First segment that retention must keep. */
  keepFrom(): number;
  /** Sleeps until woken or until the time is over; returns whether it was woken. */
  wait(how: SleepKind, since: { bell: number; published: number; timeoutMs: number }): boolean;
  /** Extent of the frame at or, after a wrap, behind an index. */
  frameAt(index: number): { readonly start: number; readonly end: number };
}

/** A way to sleep. */
export type SleepKind = typeof sleep.untilBell | typeof sleep.untilFrame;

/** Opens the consuming end of a ring. */
export function openRingConsumer(memory: SharedArrayBuffer): RingConsumer {
  const control = new Int32Array(memory, 0, controlBytes / 4);
  const data = Buffer.from(memory, controlBytes);
  return {
    data,
    progress: () => readProgress(control),
    publish: (progress) => writeProgress(control, progress),
    release: (index) => void Atomics.store(control, word.released, index),
    published: () => Atomics.load(control, word.published),
    bell: () => Atomics.load(control, word.bell),
    acksWanted: () => Atomics.load(control, word.acksWanted) === 1,
    closing: () => Atomics.load(control, word.closing) === 1,
    keepFrom: () => Atomics.load(control, word.keepFrom),
    wait: (how, since) => {
      Atomics.store(control, word.sleeping, how);
      // A frame pushed before `sleeping` was visible rang no bell: look once more before going to sleep.
      const late = how === sleep.untilFrame && Atomics.load(control, word.published) !== since.published;
      const woken = late || Atomics.wait(control, word.bell, since.bell, since.timeoutMs) !== 'timed-out';
      Atomics.store(control, word.sleeping, sleep.awake);
      return woken;
    },
    frameAt: (index) => {
      const wrapped = data.length - index < frameHeaderBytes || data.readUInt16LE(index) === wrapMark;
      const start = wrapped ? 0 : index;
      const extent = measureFrame(data, start);
      if (typeof extent === 'string') throw new Error(`ring holds no frame at ${start}: ${extent}`);
      return { start, end: extent.end };
    },
  };
}

/**
 * Progress lives in two slots used in turn, and a version that names the valid one. A writer killed between two
 * stores leaves the old slot whole; a reader that raced with a store sees the version move and reads again.
 */
function readProgress(control: Int32Array): Progress {
  for (;;) {
    const version = Atomics.load(control, word.version);
    const slot = slotOf(version);
    const progress = {
      frames: Atomics.load(control, slot),
      tail: Atomics.load(control, slot + 1),
      segment: Atomics.load(control, slot + 2),
      offset: Atomics.load(control, slot + 3),
    };
    if (Atomics.load(control, word.version) === version) return progress;
  }
}

function writeProgress(control: Int32Array, progress: Progress): void {
  const version = (Atomics.load(control, word.version) + 1) | 0;
  const slot = slotOf(version);
  Atomics.store(control, slot, progress.frames);
  Atomics.store(control, slot + 1, progress.tail);
  Atomics.store(control, slot + 2, progress.segment);
  Atomics.store(control, slot + 3, progress.offset);
  Atomics.store(control, word.version, version);
}

function slotOf(version: number): number {
  return word.slots + (version & 1) * slotWords;
}

/** Upper bound of the UTF-8 length: cheap for the usual short fact, exact for a long one. */
function byteLengthBound(text: string): number {
  return text.length < 8192 ? text.length * 3 : Buffer.byteLength(text);
}
