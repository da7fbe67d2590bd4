import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SseEvent, SseEventTooLarge, SseFramer } from './sse-framer.ts';

function meaning(events: readonly SseEvent[]): unknown[] {
  return events.filter((event) => event.data !== undefined).map(({ event, data }) => ({ event, data }));
}

function frameWhole(text: string): SseEvent[] {
  const framer = new SseFramer();
  return [...framer.push(Buffer.from(text)), ...framer.end()];
}

function frameSplit(bytes: Buffer, cuts: readonly number[]): SseEvent[] {
  const framer = new SseFramer();
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    events.push(...framer.push(Buffer.from(bytes.subarray(from, cut))));
    from = cut;
  }
  return [...events, ...framer.end()];
}

const sample = ': hello\n\nevent: message_start\ndata: {"a":"ä€😀"}\n\ndata: one\ndata: two\n\n\n\ndata:[DONE]\n\n';

describe('SseFramer', () => {
  it('reads event names, several data lines and comments', () => {
    expect(meaning(frameWhole(sample))).toEqual([
      { event: 'message_start', data: '{"a":"ä€😀"}' },
      { event: '', data: 'one\ntwo' },
      { event: '', data: '[DONE]' },
    ]);
  });

  it('[scenario 2] gives the same events at every single split point, for LF, CRLF and CR', () => {
    for (const newline of ['\n', '\r\n', '\r']) {
      const bytes = Buffer.from(sample.replaceAll('\n', newline));
      const whole = meaning(frameWhole(bytes.toString()));
      expect(whole).toHaveLength(3);
      for (let cut = 1; cut < bytes.length; cut++) {
        expect(meaning(frameSplit(bytes, [cut]))).toEqual(whole);
      }
      const everyByte = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
      expect(meaning(frameSplit(bytes, everyByte))).toEqual(whole);
    }
  });

  it('[scenario 2] skips a byte order mark and accepts a missing final newline', () => {
    expect(meaning(frameWhole('\ufeffdata: x'))).toEqual([{ event: '', data: 'x' }]);
    expect(meaning(frameWhole('data: x\n\ndata: y\n'))).toHaveLength(2);
  });

  it('keeps every byte: the concatenation of all events is the input', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('data: x', 'data', ':c', 'event: e', '', 'ä', '\ufeff'), { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (lines, newline, cuts) => {
          const bytes = Buffer.from(lines.join(newline));
          const events = frameSplit(
            bytes,
            cuts.map((cut) => cut % (bytes.length + 1)),
          );
          expect(Buffer.concat(events.map((event) => event.bytes)).equals(bytes)).toBe(true);
          expect(meaning(events)).toEqual(meaning(frameWhole(bytes.toString())));
        },
      ),
    );
  });

  it('refuses an event larger than its limit, whole or byte by byte', () => {
    expect(() => new SseFramer(100).push(Buffer.alloc(200, 0x61))).toThrow(SseEventTooLarge);
    const framer = new SseFramer(100);
    expect(() => {
      for (let count = 0; count < 500; count++) framer.push(Buffer.from('a'));
    }).toThrow(SseEventTooLarge);
  });

  it('does not overwrite events that were handed out', () => {
    const framer = new SseFramer();
    framer.push(Buffer.from('data: fir'));
    const [first] = framer.push(Buffer.from('st\n\ndata: sec'));
    framer.push(Buffer.from('ond and much longer than before\n\n'));
    expect(first?.bytes.toString()).toBe('data: first\n\n');
  });
});
