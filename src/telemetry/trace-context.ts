/** Place of an exchange in a distributed trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; undefined when the trace begins here. */
  readonly parentSpanId: string | undefined;
  /** The caller records this trace, or there is no caller to ask. */
  readonly sampled: boolean;
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const maxSpanId = 0xffff_ffff_ffff_ffffn;

/** Reads a W3C `traceparent` header; undefined for anything that is not one, which then counts as absent. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, parentSpanId, flags, rest] = traceparentPattern.exec(header?.trim() ?? '') ?? [];
  if (version === undefined || traceId === undefined || parentSpanId === undefined || flags === undefined)
    return undefined;
  // Later versions may append fields, version 00 may not; ff is forbidden, and ids of zeros are no ids.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentSpanId)) return undefined;
  return { traceId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The client's trace continued, or one that begins with this request: its id is then the digits of the request id. */
export function traceContextOf(requestId: string, traceparent: string | undefined): TraceContext {
  const known = parseTraceparent(traceparent);
  return known ?? { traceId: digitsOf(requestId), parentSpanId: undefined, sampled: true };
}

/** Span of an exchange (0) or of its n-th attempt. Derived from the request id, so that no state is kept for it. */
export function spanIdOf(requestId: string, attempt = 0): string {
  const number = BigInt(`0x${digitsOf(requestId).slice(16)}`) + BigInt(attempt);
  // All zeros would mean "no span".
  return ((number % maxSpanId) + 1n).toString(16).padStart(16, '0');
}

/** The header that makes an upstream's spans children of the exchange's. */
export function formatTraceparent(requestId: string, traceparent: string | undefined): string {
  const { traceId, sampled } = traceContextOf(requestId, traceparent);
  return `00-${traceId}-${spanIdOf(requestId)}-${sampled ? '01' : '00'}`;
}

function digitsOf(requestId: string): string {
  return requestId
    .slice(-32)
    .replace(/[^0-9a-f]/g, '0')
    .padStart(32, '0');
}
