/** A value that a span may carry. */
export type AttributeValue = string | number | boolean | readonly string[];

/** Attributes by name; undefined ones are left out. */
export type Attributes = { readonly [name: string]: AttributeValue | undefined };

/** A finished span. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What went wrong; absent when nothing did. */
  readonly error: string | undefined;
}
