import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeScripts } from './describe-scripts.ts';
import { createScriptBook } from './script-book.ts';
import { parseScript, scriptKeys, splitScriptedModel, withoutFaults } from './script.ts';

describe('the script grammar', () => {
  it('reads numbers, flags, texts and positions, in both notations and as JSON', () => {
    const expected = { delay: 50, strict: true, reply: 'a b&c', cut: 'finish', retry: 'seconds:7' };
    expect(parseScript('delay=50&strict&reply=a+b%26c&cut=finish&retry=seconds:7')).toEqual(expected);
    expect(parseScript('delay=50;strict;reply=a%20b%26c;cut=finish;retry=seconds:7')).toEqual(expected);
    expect(parseScript(JSON.stringify(expected))).toEqual(expected);
    expect(parseScript('cut=3')).toEqual({ cut: 3 });
    expect(parseScript(' ')).toEqual({});
  });

  it.each(['nonsense=1', 'delay=soon', 'cut=later', 'delay=-1', 'eol=vt', '{"delay":', '{"x":1}'])(
    'refuses %s',
    (text) => {
      expect(() => parseScript(text)).toThrow(/script|must be/);
    },
  );

  it('never does anything but read or refuse', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(typeof parseScript(text)).toBe('object');
        } catch (error) {
          expect(error).toMatchObject({ name: 'ScriptError' });
        }
      }),
    );
  });

  it('splits a model from its script at the first mark', () => {
    expect(splitScriptedModel('org/m:latest?a=1&b=2')).toEqual({ model: 'org/m:latest', scriptText: 'a=1&b=2' });
    expect(splitScriptedModel('m;cut=1;bytes=2')).toEqual({ model: 'm', scriptText: 'cut=1;bytes=2' });
    expect(splitScriptedModel('m')).toEqual({ model: 'm', scriptText: '' });
  });

  it('keeps pace and quirks when faults are switched off', () => {
    expect(withoutFaults({ gap: 5, cut: 1, fail: '500', usage: 'x_groq' })).toEqual({ gap: 5, usage: 'x_groq' });
  });

  it('is described word by word', () => {
    const help = describeScripts();
    for (const { name } of scriptKeys) expect(help).toContain(name);
  });
});

describe('the script book', () => {
  const sources = (modelName: string, header?: string) => ({ modelName, header, usual: { gap: 1 } });

  it('puts the header above the model, the model above the remote script, and that above the default', () => {
    const book = createScriptBook({ reply: 'default', delay: 1 });
    book.set('m', ['reply=remote&delay=2']);
    expect(book.resolve(sources('other')).script).toEqual({ gap: 1, reply: 'default', delay: 1 });
    expect(book.resolve(sources('m')).script).toEqual({ gap: 1, reply: 'remote', delay: 2 });
    expect(book.resolve(sources('m?delay=3')).script).toMatchObject({ reply: 'remote', delay: 3 });
    expect(book.resolve(sources('m?delay=3', 'delay=4'))).toMatchObject({ model: 'm', script: { delay: 4 } });
  });

  it('serves scripts one after the other and stays at the last', () => {
    const book = createScriptBook({});
    book.set('*', ['fail=500', { fail: '503' }, '']);
    const fails = [1, 2, 3, 4].map(() => book.resolve(sources('any')).script.fail);
    expect(fails).toEqual(['500', '503', undefined, undefined]);
  });

  it('counts under a common key when one is given', () => {
    const book = createScriptBook({});
    const fails = ['a', 'b', 'c'].map((name) => book.resolve(sources(`${name}?fail=500&first=2&key=k`)).script.fail);
    expect(fails).toEqual(['500', '500', undefined]);
  });
});
