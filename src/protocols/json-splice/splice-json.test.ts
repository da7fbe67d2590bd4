import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { editObject, type JsonEdit, spliceJson } from './index.ts';

function splice(text: string, ...edits: JsonEdit[]): string {
  return spliceJson(Buffer.from(text), edits).toString();
}

const setModel: JsonEdit = { op: 'set', pointer: '/model', value: 'new' };

describe('spliceJson', () => {
  test('[scenario 6] replaces the model and leaves integers above 2^53 and the white space alone', () => {
    const text = ' {\n  "model" : "old", "seed":9007199254740993,\t"x":[1.50, 1e400] }\n';
    expect(splice(text, setModel)).toBe(text.replace('"old"', '"new"'));
  });

  test('returns the very same buffer when nothing changes', () => {
    const bytes = Buffer.from('{"a":1}');
    expect(spliceJson(bytes, [])).toBe(bytes);
    expect(spliceJson(bytes, [{ op: 'remove', pointer: '/b' }])).toBe(bytes);
  });

  test('changes every occurrence of a duplicate key, so that no reader sees the old value', () => {
    expect(splice('{"model":"a","x":1,"x":2,"model":"b"}', setModel)).toBe('{"model":"new","x":1,"x":2,"model":"new"}');
  });

  test('finds keys written with escapes', () => {
    expect(splice('{"mod\\u0065l":"a"}', setModel)).toBe('{"mod\\u0065l":"new"}');
  });

  test('is not misled by quotes, backslashes and braces inside strings', () => {
    const text = '{"a":"\\\\\\"},{\\"model\\":1","b":["}]"],"c":"\\\\","model":"old"}';
    expect(splice(text, setModel)).toBe(text.replace('"old"', '"new"'));
  });

  test('adds a missing key at the end, also of an empty object', () => {
    expect(splice('{"a":1 }', setModel)).toBe('{"a":1,"model":"new" }');
    expect(splice('{ }', setModel)).toBe('{"model":"new" }');
  });

  test('adds a key below an existing object only', () => {
    const edit: JsonEdit = { op: 'set', pointer: '/stream_options/include_usage', value: true };
    expect(splice('{"stream_options":{"x":1}}', edit)).toBe('{"stream_options":{"x":1,"include_usage":true}}');
    expect(splice('{"stream_options":null}', edit)).toBe('{"stream_options":null}');
  });

  test('puts a value before the items of an array, and keeps their bytes', () => {
    const edit: JsonEdit = { op: 'prepend', pointer: '/a/b', value: { x: 1 } };
    expect(splice('{"a":{"b":[ 9007199254740993, "y"]}}', edit)).toBe('{"a":{"b":[{"x":1}, 9007199254740993, "y"]}}');
    expect(splice('{"a":{"b":[ ]}}', edit)).toBe('{"a":{"b":[{"x":1} ]}}');
    expect(splice('{"a":{"b":"text"}}', edit)).toBe('{"a":{"b":"text"}}');
    expect(splice('{"a":{}}', edit)).toBe('{"a":{}}');
    expect(editObject({ a: { b: ['y'] } }, [edit])).toEqual({ a: { b: [{ x: 1 }, 'y'] } });
    expect(editObject({ a: { b: 'text' } }, [edit])).toEqual({ a: { b: 'text' } });
  });

  test('removes first, middle, last and only members with their commas', () => {
    const remove = (...keys: string[]): JsonEdit[] => keys.map((key) => ({ op: 'remove', pointer: `/${key}` }));
    const text = '{"a":1, "b":2, "c":3}';
    expect(splice(text, ...remove('a'))).toBe('{"b":2, "c":3}');
    expect(splice(text, ...remove('b'))).toBe('{"a":1, "c":3}');
    expect(splice(text, ...remove('c'))).toBe('{"a":1, "b":2}');
    expect(splice(text, ...remove('b', 'c'))).toBe('{"a":1}');
    expect(splice(text, ...remove('a', 'c'))).toBe('{"b":2}');
    expect(splice(text, ...remove('a', 'b', 'c'))).toBe('{}');
    expect(splice(text, ...remove('a', 'b', 'c'), setModel)).toBe('{"model":"new"}');
    expect(splice(text, ...remove('c'), setModel)).toBe('{"a":1, "b":2,"model":"new"}');
  });

  test('renames a key and keeps the bytes of its value', () => {
    const rename: JsonEdit = { op: 'rename', pointer: '/max_completion_tokens', key: 'max_tokens' };
    expect(splice('{"max_completion_tokens": 1.0e2}', rename)).toBe('{"max_tokens": 1.0e2}');
  });

  test('reaches into arrays and unescapes pointers', () => {
    const text = '{"messages":[{"role":"user"},{"role":"developer","a/b~c":1}]}';
    expect(splice(text, { op: 'set', pointer: '/messages/1/role', value: 'system' })).toContain('{"role":"system",');
    expect(splice(text, { op: 'remove', pointer: '/messages/1/a~1b~0c' })).toContain('{"role":"developer"}');
    expect(splice(text, { op: 'remove', pointer: '/messages/0' })).toBe(
      '{"messages":[{"role":"developer","a/b~c":1}]}',
    );
  });

  test('scans a large body of escaped text in a fraction of the time of a parse', () => {
    const text = JSON.stringify({ messages: [{ content: '\\"\\\\'.repeat(500_000) }], model: 'old' });
    expect(splice(text, setModel)).toBe(text.replace('"old"', '"new"'));
  });
});

const hostileKey = fc.oneof(fc.constantFrom('model', 'a', 'b', '', '"', '\\', '~', '/', '\u00e9', '{'), fc.string());

const jsonObject: fc.Arbitrary<JsonObject> = fc
  .object({ key: hostileKey, maxDepth: 3, withNullPrototype: false })
  .map((value): JsonObject => JSON.parse(JSON.stringify(value)));

function pointersOf(value: Json, base = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const pointer = `${base}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [pointer, ...pointersOf(item, pointer)];
  });
}

/** A document and independent edits of it: no pointer below another, no rename onto an existing key. */
const documentWithEdits = fc
  .tuple(jsonObject, fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'remove', 'rename'), fc.jsonValue())))
  .map(([document, picks]) => {
    const pointers = pointersOf(document);
    const edits: JsonEdit[] = [{ op: 'set', pointer: '/added', value: 1 }];
    for (const [at, op, value] of picks) {
      const pointer = pointers[at % Math.max(pointers.length, 1)];
      if (pointer === undefined) continue;
      if (edits.some((edit) => `${edit.pointer}/`.startsWith(`${pointer}/`))) continue;
      if (edits.some((edit) => `${pointer}/`.startsWith(`${edit.pointer}/`))) continue;
      if (op === 'set') edits.push({ op, pointer, value: value as Json });
      else if (op === 'remove') edits.push({ op, pointer });
      else if (!/\/\d+$/.test(pointer)) edits.push({ op: 'rename', pointer, key: `renamed ${edits.length} "\\` });
    }
    return { document, edits };
  });

/** Writes JSON in an unusual but legal way: white space everywhere, every character of a string escaped or not. */
function writeLoosely(value: Json, space: string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${space}${value.map((item: Json) => writeLoosely(item, space)).join(`${space},${space}`)}${space}]`;
  }
  const members = Object.entries(value).map(([key, item]) => {
    const escaped = /^[a-z]+$/.test(key) ? Array.from(key, escapeOf).join('') : JSON.stringify(key).slice(1, -1);
    return `"${escaped}"${space}:${space}${writeLoosely(item, space)}`;
  });
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

function escapeOf(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

describe('spliceJson beside JSON.parse', () => {
  test('means the same as editing the parsed object', () => {
    fc.assert(
      fc.property(documentWithEdits, fc.constantFrom('', ' ', '\n\t', ' \r\n '), ({ document, edits }, space) => {
        const text = space + writeLoosely(document, space) + space;
        const spliced: Json = JSON.parse(spliceJson(Buffer.from(text), edits).toString());
        expect(spliced).toEqual(JSON.parse(JSON.stringify(editObject(JSON.parse(text), edits))));
      }),
      { numRuns: 500 },
    );
  });

  test('never touches a byte outside the edited values', () => {
    fc.assert(
      fc.property(jsonObject, (document) => {
        const text = JSON.stringify({ ...document, model: 'old-and-unique-\u{1f600}' });
        expect(splice(text, setModel)).toBe(text.replace('"old-and-unique-\u{1f600}"', '"new"'));
      }),
    );
  });

  test('finds the same places by search as by a walk', () => {
    const keys = fc.constantFrom('model', 'stream_options', 'x', 'é');
    const values = fc.oneof(fc.constantFrom('model', '"model":', '\\u006dodel', '}'), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.dictionary(keys, values),
        fc.constantFrom('', ' ', '\n'),
        fc.boolean(),
        (source, space, escapes) => {
          const document: JsonObject = JSON.parse(JSON.stringify(source));
          const loose = `${space}${writeLoosely(document, space)}${space}`;
          const text = escapes ? loose : JSON.stringify(document, null, space);
          const edits: JsonEdit[] = [
            setModel,
            { op: 'set', pointer: '/stream_options', value: { include_usage: true } },
            { op: 'remove', pointer: '/x' },
          ];
          for (const some of [edits, edits.slice(0, 2), edits.slice(1)]) {
            const walked = spliceJson(Buffer.from(text), some);
            expect(spliceJson(Buffer.from(text), some, JSON.parse(text)).toString()).toBe(walked.toString());
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('by search still sees a second spelling of the model', () => {
    const text = '{"model":"a","mod\\u0065l":"b"}';
    expect(spliceJson(Buffer.from(text), [setModel], JSON.parse(text)).toString()).toBe(
      '{"model":"new","mod\\u0065l":"new"}',
    );
  });
});
