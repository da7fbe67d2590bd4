import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFactField } from './fact-fields.ts';

const fields = ['requestId', 'atMs', 'fault', 'costNanos', 'heldNanos'] as const;
const hostile = fc.oneof(
  fc.string(),
  fc.constantFrom('"atMs":1,"requestId":"x"', '\\"costNanos":"9"', '"fault":', '}'),
);

describe('fields of an encoded fact', () => {
  it('are what parsing the fact would give, whatever its texts hold', () => {
    const fact = fc.record(
      {
        key: hostile,
        requestId: fc.stringMatching(/^[a-z]+_[0-9a-f]{4,32}$/),
        customer: hostile,
        atMs: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true })),
        usage: fc.record({ input: fc.nat() }),
        fault: fc.constantFrom('internal', 'truncated'),
        costNanos: fc.option(fc.bigInt({ min: 0n }).map(String), { nil: null }),
        endUser: hostile,
        heldNanos: fc.bigInt({ min: 0n }).map(String),
      },
      { requiredKeys: ['key', 'customer'] },
    );
    fc.assert(
      fc.property(fact, (value) => {
        const text = JSON.stringify(value);
        const parsed: Record<string, unknown> = JSON.parse(text);
        for (const field of fields) {
          const expected = parsed[field] ?? undefined;
          const found = readFactField(Buffer.from(text), field);
          expect(typeof expected === 'number' ? Number(found) : found).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});
