import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent, spanIdOf, traceContextOf } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const requestId = `req_${'0'.repeat(16)}${'f'.repeat(16)}`;

describe('trace context', () => {
  it('reads what the standard allows', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, parentSpanId: spanId, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
    // A later version may say more.
    expect(parseTraceparent(`cc-${traceId}-${spanId}-03-what-the-future-will-be`)?.sampled).toBe(true);
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
  ])('takes %s for no context', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('never throws on anything a client may send', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(traceContextOf(requestId, header).traceId).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
  });

  it('gives each attempt an id of its own, never that of no span', () => {
    const ids = [0, 1, 2, 3].map((attempt) => spanIdOf(requestId, attempt));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
  });

  it("sends on the caller's trace with the span of the exchange as parent", () => {
    expect(formatTraceparent(requestId, `00-${traceId}-${spanId}-00`)).toBe(
      `00-${traceId}-${'1'.padStart(16, '0')}-00`,
    );
    expect(formatTraceparent(requestId, undefined)).toBe(`00-${requestId.slice(4)}-${'1'.padStart(16, '0')}-01`);
  });
});
