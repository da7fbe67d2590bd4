import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';
import { cutText, maxTextBytes, readLogLine, redactor } from './log-line.ts';

describe('a line of a log', () => {
  const framed = (message: string, level = 'log'): string => JSON.stringify({ timestamp: 1, level, message });

  it('is read out of the frame of the engine, with the request it belongs to', () => {
    expect(readLogLine(framed('\u0001req_1a\u0001 hello\nworld', 'warn'))).toEqual({
      level: 'warn',
      text: 'hello\nworld',
      requestId: 'req_1a',
    });
    expect(readLogLine(framed('of the engine', 'error'))).toEqual({ level: 'error', text: 'of the engine' });
    expect(readLogLine('{"not":"ours"}')).toEqual({ level: 'info', text: '{"not":"ours"}' });
    expect(readLogLine('{broken')).toEqual({ level: 'info', text: '{broken' });
  });

  it('has the level of an ordinary line when its frame names none that there is', () => {
    for (const level of [{ toString: '' }, 'constructor', null, 7]) {
      expect(readLogLine(JSON.stringify({ level, message: 'text' }))).toEqual({ level: 'info', text: 'text' });
    }
  });

  it('takes only what looks like an id for one', () => {
    expect(readLogLine(framed('\u0001"},{"\u0001 x'))).toEqual({ level: 'info', text: 'x' });
  });

  it('never shows a secret, even when one is a part of another', () => {
    const redact = redactor(['abcd', 'abcdefgh', 'xy']);
    expect(redact('1 abcdefgh 2 abcd 3 xy')).toBe('1 [secret] 2 [secret] 3 xy');
  });

  it('is cut at a character, with the number of bytes that are missing', () => {
    const cut = cutText('ü'.repeat(maxTextBytes));
    expect(cut.text).toBe('ü'.repeat(maxTextBytes / 2));
    expect(cut.truncatedBytes).toBe(maxTextBytes);
  });

  it('is the same wherever the stream is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'ü€', '\n', '', '𝄞x')),
        fc.integer({ min: 1, max: 7 }),
        (texts, size) => {
          const wanted = texts.join('\n').split('\n');
          const lines: string[] = [];
          const splitter = new LineSplitter(1000, (line) => void lines.push(line));
          const bytes = Buffer.from(`${texts.join('\n')}\n`);
          for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
          splitter.end();
          expect(lines).toEqual(wanted.map((line) => Buffer.from(line).toString()));
        },
      ),
    );
  });

  it('holds no more than its length, and tells what it dropped', () => {
    const lines: [string, number][] = [];
    const splitter = new LineSplitter(4, (line, dropped) => void lines.push([line, dropped]));
    for (const piece of ['abc', 'def', 'g\nh', 'i\n']) splitter.push(Buffer.from(piece));
    expect(lines).toEqual([
      ['abcd', 3],
      ['hi', 0],
    ]);
  });
});
