import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { fitsNativeSchema } from './native-schema.ts';

const closed = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

describe('native structured output', () => {
  it.each<[string, JsonObject]>([
    ['closed objects', closed({ a: { type: 'array', items: closed({ b: { type: 'string' } }) } })],
    ['properties named like keywords', closed({ minimum: { type: 'number' }, not: { type: 'string' } })],
    ['values that look like schemas', closed({ a: { enum: [{ type: 'object', minimum: 1 }] } })],
    [
      'definitions',
      closed(
        { a: { $ref: '#/$defs/A' } },
        { $defs: { A: closed({ b: { $ref: '#/$defs/B' } }), B: { type: 'string' } } },
      ),
    ],
  ])('takes %s', (_name, schema) => {
    expect(fitsNativeSchema(schema)).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ['open objects', { type: 'object', properties: {} }],
    ['open objects inside', closed({ a: { type: 'object' } })],
    ['bounds', closed({ a: { type: 'number', minimum: 0 } })],
    ['long minimum lists', closed({ a: { type: 'array', minItems: 2 } })],
    ['outside references', closed({ a: { $ref: 'https://a.test/schema' } })],
    ['recursion', closed({ a: { $ref: '#/$defs/A' } }, { $defs: { A: closed({ a: { $ref: '#/$defs/A' } }) } })],
    ['recursion over two', { $defs: { A: { anyOf: [{ $ref: '#/$defs/B' }] }, B: { anyOf: [{ $ref: '#/$defs/A' }] } } }],
  ])('does not take %s', (_name, schema) => {
    expect(fitsNativeSchema(schema)).toBe(false);
  });

  it('[scenario 55] gives up on hostile depth at once', () => {
    let schema: JsonObject = {};
    for (let depth = 0; depth < 5000; depth++) schema = { anyOf: [schema] };
    expect(fitsNativeSchema(schema)).toBe(false);
  });
});
