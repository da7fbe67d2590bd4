import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector receives it, attributes flattened. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly durationMs: number;
  readonly isError: boolean;
  readonly attributes: { readonly [name: string]: unknown };
}

/** An OpenTelemetry collector that remembers what it was sent. */
export interface FakeCollector {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: { readonly [name: string]: unknown } }[];
  close(): Promise<void>;
}

/** Starts a collector on a free port; it answers each export with the next of the statuses, the last one for ever. */
export async function startFakeCollector(...statuses: readonly number[]): Promise<FakeCollector> {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: { readonly [name: string]: unknown } }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses[Math.min(requests.length, statuses.length - 1)] ?? 200;
      requests.push({ path: request.url ?? '', headers: request.headers });
      if (status === 200) spans.push(...readSpans(Buffer.concat(chunks).toString()));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface WireValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly WireValue[] };
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: WireValue }[];
  readonly status?: { readonly code: number };
}

function readSpans(body: string): ReceivedSpan[] {
  const parsed = JSON.parse(body) as {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[] }[];
  };
  const wire = parsed.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  return wire.map((span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: span.kind,
    durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
    isError: span.status?.code === 2,
    attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, readValue(value)])),
  }));
}

function readValue(value: WireValue): unknown {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(readValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}
