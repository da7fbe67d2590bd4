import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, type Frame, segmentSeed } from './frame-codec.ts';

const seed = segmentSeed('gateway-1', 7);
const bodies = fc.array(fc.record({ text: fc.string(), number: fc.integer() }), { minLength: 1, maxLength: 12 });

/** Every frame up to the first flaw, as every reader takes them. */
function decodeAll(bytes: Buffer, withSeed = seed): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const frame = decodeFrame(bytes, at, { seed: withSeed, base: 0 });
    if (typeof frame === 'string') break;
    frames.push(frame);
    at = frame.end;
  }
  return frames;
}

describe('frame codec', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(bodies, (values) => {
        const frames = decodeAll(Buffer.concat(values.map((value) => encodeFrame(17, value, seed))));
        expect(frames.map(({ body }) => JSON.parse(body.toString()))).toEqual(values);
        expect(frames.every(({ type, version }) => type === 17 && version === 1)).toBe(true);
      }),
    );
  });

  it('yields exactly the whole frames, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(bodies, (values) => {
        const encoded = values.map((value) => encodeFrame(17, value, seed));
        const bytes = Buffer.concat(encoded);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          let end = 0;
          const whole = encoded.filter(({ length }) => (end += length) <= cut).length;
          expect(decodeAll(bytes.subarray(0, cut))).toHaveLength(whole);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('notices each single flipped bit of a frame', () => {
    const before = encodeFrame(16, { before: true }, seed);
    const frame = encodeFrame(17, { requestId: 'req_1', costNanos: '123' }, seed);
    const after = encodeFrame(18, { after: true }, seed);
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const bytes = Buffer.concat([before, frame, after]);
      const index = before.length + (bit >> 3);
      bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << (bit & 7)), index);
      expect(decodeAll(bytes), `bit ${bit}`).toHaveLength(1);
    }
  });

  it('never takes zeros for a frame', () => {
    const bytes = Buffer.concat([encodeFrame(16, { value: 1 }, seed), Buffer.alloc(4096)]);
    expect(decodeAll(bytes)).toHaveLength(1);
    expect(decodeFrame(Buffer.alloc(64), 0, { seed: 0, base: 0 })).toBe('magic');
  });

  it('refuses an empty body even when magic and checksum are right', () => {
    const empty = Buffer.from('5359100100000000' + '00000000', 'hex');
    expect(decodeFrame(empty, 0, { seed, base: 0 })).toBe('length');
  });

  it('refuses a frame of another segment or another gateway', () => {
    const frame = encodeFrame(16, { value: 1 }, seed);
    expect(decodeAll(frame, segmentSeed('gateway-1', 8))).toHaveLength(0);
    expect(decodeAll(frame, segmentSeed('gateway-2', 7))).toHaveLength(0);
  });
});
