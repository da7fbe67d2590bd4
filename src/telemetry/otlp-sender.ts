import { Agent, request } from 'undici';
import { firstHeader } from '../platform/first-header.ts';
import { encodeOtlp } from './otlp-json.ts';
import type { SendResult, SendSpans } from './span-queue.ts';
import type { Attributes } from './span.ts';

/** Where spans go. */
export interface OtlpTarget {
  /** Full address of the traces route. */
  readonly url: string;
  /** Credentials of a hosted collector. */
  readonly headers: { readonly [name: string]: string };
  readonly resource: Attributes;
}

/** A way to a collector. */
export interface OtlpSender {
  readonly send: SendSpans;
  close(): Promise<void>;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024;
const worthRetrying: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const millisecondsPerSecond = 1000;

/** Sends spans by OTLP over HTTP. `failed` hears why a batch did not arrive. */
export function openOtlpSender(target: () => OtlpTarget | undefined, failed: (reason: string) => void): OtlpSender {
  const dispatcher = new Agent({ connections: 1, connect: { timeout: timeoutMs } });
  return {
    close: () => dispatcher.destroy(),
    async send(spans) {
      const to = target();
      if (!to) return { kind: 'refused' };
      try {
        const answer = await request(to.url, {
          dispatcher,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...to.headers },
          body: encodeOtlp(spans, to.resource),
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
        });
        const text = await readBounded(answer.body);
        if (answer.statusCode >= 200 && answer.statusCode < 300) return accepted(text, failed);
        failed(`the collector answered ${answer.statusCode}`);
        if (!worthRetrying.has(answer.statusCode)) return { kind: 'refused' };
        return { kind: 'later', waitMs: readWait(answer.headers['retry-after']) };
      } catch (error) {
        failed(error instanceof Error ? error.message : String(error));
        return { kind: 'later', waitMs: undefined };
      }
    },
  };
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxAnswerBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A collector may take a batch and still reject some of its spans. */
function accepted(text: string, failed: (reason: string) => void): SendResult {
  const match = /"rejected_?[sS]pans"\s*:\s*"?(\d+)/.exec(text);
  const rejectedSpans = Number(match?.[1] ?? 0);
  if (rejectedSpans > 0) failed(`the collector rejected ${rejectedSpans} spans`);
  return { kind: 'accepted', rejectedSpans };
}

function readWait(header: string | string[] | undefined): number | undefined {
  const seconds = Number(firstHeader(header) ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * millisecondsPerSecond : undefined;
}
