import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeFrame, segmentSeed } from './frame-codec.ts';
import { factFrame } from './frame-types.ts';
import { OpenSegment } from './open-segment.ts';
import { createSegmentFiles } from './segment-files.ts';
import { segmentPath } from './segment-meta.ts';
import { recoverSegments, surveySegment } from './segment-recovery.ts';
import { attemptFact, finalFact, gatewayId, openFact, temporaryDirectory } from '../testing/test-support.ts';

const seed = segmentSeed(gatewayId, 1);
const encoded = [
  openFact('req_a', '900'),
  attemptFact('req_a', '5'),
  finalFact('req_a', '5'),
  openFact('req_b', '800'),
].map((fact) => encodeFrame(factFrame[fact.type], fact, seed));

/** An unsealed segment 1 with four facts, as a killed gateway leaves it. */
function crashedFolder(): { folder: string; path: string; headerEnd: number } {
  const folder = temporaryDirectory();
  const segment = new OpenSegment(createSegmentFiles(), folder, {
    gatewayId,
    segment: 1,
    createdMs: 1,
    maxAtMs: 0,
    open: [],
  });
  const headerEnd = segment.durableEnd();
  segment.write(encoded);
  segment.abandon();
  return { folder, path: segmentPath(folder, 1), headerEnd };
}

describe('recovery', () => {
  it('keeps exactly the whole frames when the tail is cut at any byte', async () => {
    const { folder, path, headerEnd } = crashedFolder();
    const whole = readFileSync(path);
    for (let cut = headerEnd; cut <= whole.length; cut += 1) {
      writeFileSync(path, whole.subarray(0, cut));
      const { previous } = await recoverSegments(folder, gatewayId);
      let end = headerEnd;
      for (const { length } of encoded) {
        if (end + length > cut) break;
        end += length;
      }
      expect(previous, `cut at ${cut}`).toEqual({ segment: 1, end });
    }
  });

  it.each([
    ['zeros', Buffer.alloc(8192)],
    ['frames of another segment', encodeFrame(factFrame.final, finalFact('req_b'), segmentSeed(gatewayId, 2))],
    ['half a frame', encoded[0]?.subarray(0, 40) ?? Buffer.alloc(0)],
  ])('invents nothing from %s behind the end', async (_what, tail) => {
    const { folder, path } = crashedFolder();
    const end = readFileSync(path).length;
    appendFileSync(path, tail);
    const report = await recoverSegments(folder, gatewayId);
    expect(report).toMatchObject({ previous: { end }, removedBytes: tail.length, nextSegment: 2 });
    expect(report.open).toEqual([{ requestId: 'req_b', heldNanos: '800' }]);
  });

  it('seals what it mended, and finds nothing to mend the next time', async () => {
    const { folder } = crashedFolder();
    const first = await recoverSegments(folder, gatewayId);
    const survey = await surveySegment({ folder, gatewayId, segment: 1 });
    expect(survey.footer).toMatchObject({ rows: 4, costNanos: '5', sha256: survey.sha256 });
    expect(await recoverSegments(folder, gatewayId)).toEqual({ ...first, removedBytes: 0 });
  });

  it('cuts what a dead writer wrote behind the acknowledged end', async () => {
    const { folder, headerEnd } = crashedFolder();
    const offset = headerEnd + (encoded[0]?.length ?? 0);
    const report = await recoverSegments(folder, gatewayId, { frames: 1, tail: 0, segment: 1, offset });
    expect(report.previous).toEqual({ segment: 1, end: offset });
    expect((await surveySegment({ folder, gatewayId, segment: 1 })).tally.rows()).toBe(1);
  });

  it('stops when the acknowledged part itself is damaged', async () => {
    const { folder, path, headerEnd } = crashedFolder();
    const offset = readFileSync(path).length;
    truncateSync(path, headerEnd + 10);
    await expect(recoverSegments(folder, gatewayId, { frames: 4, tail: 0, segment: 1, offset })).rejects.toThrow(
      /damaged/,
    );
  });

  it('sets aside a file whose header was never written whole', async () => {
    const { folder } = crashedFolder();
    writeFileSync(segmentPath(folder, 2), readFileSync(segmentPath(folder, 1)).subarray(0, 20));
    const report = await recoverSegments(folder, gatewayId);
    expect(report).toMatchObject({ removedSegments: [2], segments: [1], nextSegment: 3 });
  });

  it('stops at a broken header with facts behind it', async () => {
    const { folder, path } = crashedFolder();
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    writeFileSync(path, bytes);
    await expect(recoverSegments(folder, gatewayId)).rejects.toThrow(/no readable header/);
  });

  it('stops at a segment of another gateway or another number', async () => {
    const { folder } = crashedFolder();
    await expect(recoverSegments(folder, 'gateway-2')).rejects.toThrow(/no readable header/);
    copyFileSync(segmentPath(folder, 1), segmentPath(folder, 5));
    await expect(recoverSegments(folder, gatewayId)).rejects.toThrow(/no readable header/);
  });
});
