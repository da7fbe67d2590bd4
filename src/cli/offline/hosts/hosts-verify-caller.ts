import { request } from 'undici';
import type { Completion } from '../../../domain/calls/completion.ts';
import type { DialectId, Operation } from '../../../domain/calls/dialect.ts';
import type { Endpoint } from '../../../domain/calls/endpoint.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { JsonObject } from '../../../domain/calls/model-call.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { CompletionCollector, InboundProtocol } from '../../../protocols/index.ts';
import type { EncodedRequest, OutboundCall, Provider } from '../../../providers/index.ts';

/** A whole answer of the host, streamed or not. */
export interface HostAnswer {
  readonly completion: Completion;
  /** Only for streams. */
  readonly firstContentMs: number | undefined;
  readonly chunks: number;
}

/** Calls one endpoint the way the gateway does, without the gateway: nothing is recorded. */
export interface HostCaller {
  readonly endpoint: Endpoint;
  /** Asks in the words of Chat Completions, which the provider translates. */
  generate(body: JsonObject, stream: boolean): Promise<HostAnswer | Fault>;
  /** A call without translation, in a dialect that the host offers for it. */
  pass(operation: Operation, dialect: DialectId, body: JsonObject): Promise<JsonObject | Fault>;
  /** The same host with other credentials or another model. */
  with(change: { readonly apiKey?: string; readonly model?: string }): HostCaller;
  offers(operation: Operation, dialect: DialectId): boolean;
}

/** Modules of the product, which the command loads when it runs. */
export interface CallerParts {
  readonly provider: Provider;
  readonly inbound: InboundProtocol;
  readonly clock: Clock;
  readonly timeoutMs: number;
  newCollector(): CompletionCollector;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: AsyncIterable<Buffer>;
}

/** Makes the caller of one endpoint. */
export function openHostCaller(endpoint: Endpoint, parts: CallerParts): HostCaller {
  const { provider } = parts;
  return {
    endpoint,
    generate: (body, stream) => generate(endpoint, { ...body, stream }, parts),
    pass: (operation, dialect, body) => passThrough(endpoint, plainCall(operation, dialect, body), parts),
    with: (change) => openHostCaller(changed(endpoint, change), parts),
    offers: (operation, dialect) => provider.dialectFor(endpoint, operation, dialect) === dialect,
  };
}

function changed(endpoint: Endpoint, { apiKey, model }: { apiKey?: string; model?: string }): Endpoint {
  const host = apiKey === undefined ? endpoint.host : { ...endpoint.host, auth: { type: 'api-key', apiKey } as const };
  return { ...endpoint, host, upstreamModel: model ?? endpoint.upstreamModel };
}

function plainCall(operation: Operation, dialect: DialectId, body: JsonObject): OutboundCall {
  return {
    operation,
    dialect,
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    stream: body['stream'] === true,
    contentType: 'application/json',
    headers: {},
    parse: () => new Fault('unsupported_feature'),
  };
}

async function generate(endpoint: Endpoint, body: JsonObject, parts: CallerParts): Promise<HostAnswer | Fault> {
  const head = parts.inbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) return head;
  const call = {
    ...plainCall('generate', parts.inbound.dialect, body),
    parse: () => parts.inbound.parseCall(body, head),
  };
  const encoded = parts.provider.encode(call, endpoint);
  if (Fault.is(encoded)) return encoded;
  return send({ endpoint, encoded }, parts, async (answer) =>
    call.stream ? readStream(answer, encoded, parts) : readWhole(answer, encoded),
  );
}

async function passThrough(endpoint: Endpoint, call: OutboundCall, parts: CallerParts): Promise<JsonObject | Fault> {
  const encoded = parts.provider.encode(call, endpoint);
  if (Fault.is(encoded)) return encoded;
  return send({ endpoint, encoded }, parts, async ({ body }) => JSON.parse(await readText(body)) as JsonObject);
}

/** Signs, sends, and classifies whatever goes wrong as the gateway would. */
async function send<Result>(
  { endpoint, encoded }: { endpoint: Endpoint; encoded: EncodedRequest },
  { provider, clock, timeoutMs }: CallerParts,
  read: (answer: RawAnswer) => Promise<Result>,
): Promise<Result | Fault> {
  try {
    const signed = await provider.sign(encoded.request, endpoint);
    const answer = await request(`${signed.origin}${signed.path}`, {
      method: signed.method,
      headers: signed.headers,
      body: signed.body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { statusCode: status } = answer;
    if (status >= 200 && status < 300) return await read({ status, headers: answer.headers, body: answer.body });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return provider.classify({ kind: 'status', status, headers: answer.headers, body }, clock.nowMs(), endpoint);
  } catch (cause) {
    if (Fault.is(cause)) return cause;
    return provider.classify({ kind: 'network', phase: 'headers', cause }, clock.nowMs(), endpoint);
  }
}

async function readWhole({ body }: RawAnswer, encoded: EncodedRequest): Promise<HostAnswer | Fault> {
  const completion = encoded.decodeCompletion(JSON.parse(await readText(body)) as JsonObject);
  return Fault.is(completion) ? completion : { completion, firstContentMs: undefined, chunks: 1 };
}

async function readStream(
  { body }: RawAnswer,
  encoded: EncodedRequest,
  { clock, newCollector }: CallerParts,
): Promise<HostAnswer | Fault> {
  const startedMs = clock.monotonicMs();
  const decoder = encoded.openDecoder();
  const collector = newCollector();
  let firstContentMs: number | undefined;
  let chunks = 0;
  const take = (frames: ReturnType<typeof decoder.push>): void => {
    for (const part of frames.flatMap(({ parts }) => parts)) {
      collector.push(part);
      if (part.type === 'text-delta') chunks++;
      if (part.type === 'text-delta' && firstContentMs === undefined) firstContentMs = clock.monotonicMs() - startedMs;
    }
  };
  for await (const chunk of body) take(decoder.push(chunk));
  take(decoder.end());
  if (!decoder.position.finished)
    return new Fault('truncated', { message: 'The stream ended without a finish reason.' });
  const completion = collector.completion();
  return Fault.is(completion) ? completion : { completion, firstContentMs, chunks };
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
