import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { FileJournal } from './file-journal.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import type { RingProducer } from './writer/shared-ring.ts';
import type { WriterLink } from './writer/writer-link.ts';

it('is told of frames that the writer has made durable before the commit is done with pushing them', async () => {
  let frames = 0;
  let wanted = false;
  let tell = (): void => undefined;
  /** A writer as quick as can be: a pushed frame is durable at once, and is reported only if somebody waits. */
  const ring: RingProducer = {
    push() {
      frames += 1;
      if (wanted) queueMicrotask(() => tell());
      return true;
    },
    pushed: () => frames,
    usedBytes: () => 0,
    progress: () => ({ frames, tail: 0, segment: 1, offset: 0 }),
    ringBell: () => undefined,
    wantAcks: (value) => void (wanted = value),
    keepFrom: () => undefined,
    requestClose: () => undefined,
  };
  const journal = new FileJournal({
    ring,
    ringBytes: 1024,
    reader: new SegmentReader('unused', 'gw1'),
    durability: 'durable',
    clock: systemClock,
    log: () => undefined,
    release: () => undefined,
  });
  tell = () => journal.onMessage(null);
  const report = { segments: [], removedBytes: 0, removedSegments: [], open: [], nextSegment: 1, maxAtMs: 0 };
  journal.attach({} as WriterLink, report);
  let isDurable = false;
  const fact = {
    type: 'abort',
    requestId: 'req_1',
    atMs: 0,
    estimated: true,
    costNanos: null,
    reason: 'crash',
  } as const;
  void journal.commit(fact).then(() => (isDurable = true));
  await setImmediate();
  expect(isDurable).toBe(true);
});
