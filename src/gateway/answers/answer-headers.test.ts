import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerText } from './answer-headers.ts';

describe('text in a header', () => {
  it('stays as it is when it is visible ASCII', () => {
    expect(headerText('openai/gpt-5 (mini)')).toBe('openai/gpt-5 (mini)');
  });

  it('is percent-encoded when it is not, line breaks and broken surrogate pairs too', () => {
    expect(headerText('modèle')).toBe('mod%C3%A8le');
    expect(headerText('😀')).toBe('%F0%9F%98%80');
    expect(headerText('a\r\nset-cookie: b')).toBe('a%0D%0Aset-cookie: b');
    expect(headerText('\ud83d')).toBe('%EF%BF%BD');
  });

  it('is accepted by HTTP whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (binary, graphemes) => {
        for (const text of [binary, graphemes]) validateHeaderValue('x-switchyard-model', headerText(text));
      }),
    );
  });
});
