import type { Attributes, AttributeValue, Span } from './span.ts';

const scopeName = 'switchyard';
const kinds = { server: 2, client: 3 } as const;
const errorStatus = 2;

/** The body of an OTLP/HTTP export in its JSON encoding. */
export function encodeOtlp(spans: readonly Span[], resource: Attributes): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: scopeName }, spans: spans.map(encodeSpan) }],
      },
    ],
  });
}

function encodeSpan(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: toNanosText(span.startMs),
    endTimeUnixNano: toNanosText(span.endMs),
    attributes: encodeAttributes(span.attributes),
    ...(span.error !== undefined && { status: { code: errorStatus, message: span.error } }),
  };
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: encodeValue(value) }],
  );
}

/** 64-bit integers are decimal text in this encoding. */
function encodeValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
}

/** Nanoseconds of an epoch time do not fit a double: whole milliseconds and the rest are converted apart. */
function toNanosText(epochMs: number): string {
  const wholeMs = Math.floor(epochMs);
  return (BigInt(wholeMs) * 1_000_000n + BigInt(Math.round((epochMs - wholeMs) * 1_000_000))).toString();
}
