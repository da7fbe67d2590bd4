import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../domain/calls/model-call.ts';
import { instanceOf } from './schema-instance.ts';

const schemas: { readonly [name: string]: Json } = {
  'nested objects and lists': {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'tags', 'place'],
    properties: {
      id: { type: 'string', minLength: 20, maxLength: 25 },
      tags: { type: 'array', minItems: 2, items: { type: 'string', maxLength: 3 } },
      place: { type: 'object', required: ['lat'], properties: { lat: { type: 'number', minimum: -90, maximum: 90 } } },
    },
  },
  'constants, enums and unions': {
    type: 'object',
    properties: {
      kind: { const: 'x' },
      colour: { enum: ['red', 'blue'] },
      either: { anyOf: [{ type: 'integer', exclusiveMinimum: 4 }, { type: 'string' }] },
      maybe: { type: ['string', 'null'] },
    },
    required: ['kind', 'colour', 'either', 'maybe'],
  },
  'references that go in circles': {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        required: ['value'],
        properties: { value: { type: 'boolean' }, next: { $ref: '#/$defs/node' } },
      },
    },
  },
  'parts joined by allOf': {
    allOf: [
      { type: 'object', required: ['a'], properties: { a: { type: 'integer', multipleOf: 5, minimum: 7 } } },
      { type: 'object', required: ['b'], properties: { b: { type: 'null' } } },
    ],
  },
  'small numbers': { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1 } },
};

describe('an instance of a schema', () => {
  it.each(Object.entries(schemas))('is valid for %s', (_name, schema) => {
    const validate = new Ajv({ strict: false }).compile(schema as object);
    const instance = instanceOf(schema);
    expect(validate(instance), JSON.stringify([instance, validate.errors])).toBe(true);
  });

  it('reads the upper-case types of Gemini', () => {
    expect(instanceOf({ type: 'OBJECT', properties: { n: { type: 'INTEGER' } } })).toEqual({ n: 1 });
  });

  it('survives nonsense', () => {
    expect(instanceOf(undefined)).toBe('simulated');
    expect(instanceOf({ $ref: '#' })).toBeNull();
    expect(instanceOf({ type: 'array', minItems: 1e9, items: { type: 'null' } })).toHaveLength(1000);
  });
});
