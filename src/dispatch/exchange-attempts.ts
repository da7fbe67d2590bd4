import type { Dispatcher } from 'undici';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import { CompletionCollector, streamCollectLimits } from '../protocols/index.ts';
import type { EncodedRequest, OutboundCall, UpstreamRequest } from '../providers/contract.ts';
import type { StreamDecoder } from '../protocols/contract.ts';
import { type AnswerOutput, JsonArrayOutput, PassThroughOutput, TranslatedOutput } from './answers/answer-output.ts';
import { AttemptMeter } from './attempts/attempt-meter.ts';
import { BufferedAttempt, type BufferedEnd } from './attempts/buffered-attempt.ts';
import type { DispatchDeps, DispatchPlan } from './dispatch-plan.ts';
import type { Leniency } from './attempts/judge-answer.ts';
import type { Interrupter, MediaFetcher } from './media/media-fetcher.ts';
import type { MediaKind } from './media/remote-media.ts';
import { StreamAttempt } from './attempts/stream-attempt.ts';
import type { StreamEnd } from './attempts/stream-attempt-settings.ts';
import type { StreamWriter } from './answers/stream-writer.ts';

/** A request ready to go to one endpoint. */
export interface PreparedAttempt {
  readonly endpoint: Endpoint;
  readonly encoded: EncodedRequest;
  readonly request: UpstreamRequest;
  readonly pool: Dispatcher;
}

/** An attempt in flight, streamed or not. */
export interface RunningAttempt {
  cancel(): void;
  /** Ends with a fault from outside, such as the deadline. */
  abort(fault: Fault): void;
}

/** A started attempt with the promise of its end. */
export interface StartedAttempt<End> {
  readonly running: RunningAttempt;
  readonly meter: AttemptMeter;
  readonly ended: Promise<End>;
}

/** How a streamed attempt reaches the client. */
export interface StreamTarget {
  readonly writer: StreamWriter;
  /** Output shared by several upstreams; absent when each attempt has its own. */
  readonly output: AnswerOutput | undefined;
  readonly lenient: Leniency;
  /** Attempts begun so far, told in the answer's headers. */
  attempts(): number;
  claim(): boolean;
}

/** What is asked of which endpoint. */
export interface AttemptOrder {
  readonly endpoint: Endpoint;
  readonly call: OutboundCall;
  /** Tells when nobody waits for the attempt any more. */
  readonly interrupter?: Interrupter | undefined;
}

/**
 * Encodes and signs a call for an endpoint and finds it a place. What fails here never became an attempt. A promise
 * only where media must be fetched or credentials be asked for.
 */
export function prepareAttempt(
  order: AttemptOrder,
  deps: DispatchDeps,
): PreparedAttempt | Fault | Promise<PreparedAttempt | Fault> {
  const { endpoint, call } = order;
  const inlined = deps.media && deps.providerOf(endpoint).inlineMedia?.(call, endpoint);
  if (!deps.media || !inlined) return encodeAndSign(endpoint, call, deps);
  return withMedia(order, inlined, deps.media).then((ready) =>
    Fault.is(ready) ? ready : encodeAndSign(endpoint, ready, deps),
  );
}

function encodeAndSign(
  endpoint: Endpoint,
  call: OutboundCall,
  deps: DispatchDeps,
): PreparedAttempt | Fault | Promise<PreparedAttempt | Fault> {
  const provider = deps.providerOf(endpoint);
  const encoded = provider.encode(call, endpoint);
  if (Fault.is(encoded)) return encoded;
  try {
    const signed = provider.sign(encoded.request, endpoint);
    if (!(signed instanceof Promise)) return placed({ endpoint, encoded, request: signed }, deps);
    return signed.then((request) => placed({ endpoint, encoded, request }, deps), unsigned);
  } catch (error) {
    return unsigned(error);
  }
}

function placed(ready: Omit<PreparedAttempt, 'pool'>, deps: DispatchDeps): PreparedAttempt | Fault {
  const { endpoint, encoded, request } = ready;
  const pool = findPool(endpoint, request, deps);
  return Fault.is(pool) ? pool : { endpoint, encoded, request, pool };
}

/** What is told when a call could not be signed. */
export function unsigned(error: unknown): Fault {
  if (Fault.is(error)) return error;
  return new Fault('upstream_auth', { message: 'Credentials for the host could not be obtained.', cause: error });
}

/** The call with media as bytes that its own dialect names by URL. */
async function withMedia(
  { call, interrupter }: AttemptOrder,
  kinds: readonly MediaKind[],
  media: MediaFetcher,
): Promise<OutboundCall | Fault> {
  const parsed = call.parse();
  if (Fault.is(parsed)) return parsed;
  const inlined = await media.inline(parsed, kinds, interrupter);
  if (Fault.is(inlined)) return inlined;
  return inlined === parsed ? call : { ...call, parse: () => inlined };
}

/** The pool of a host, unless too many calls wait in it already: that says nothing about the host's health. */
export function findPool(
  { host }: Endpoint,
  { origin }: UpstreamRequest,
  { pools }: Pick<DispatchDeps, 'pools'>,
): Dispatcher | Fault {
  const message = 'Too many calls are waiting for this host.';
  return pools.pool(host, origin) ?? new Fault('upstream_overloaded', { message });
}

/** Starts a streamed attempt. */
export function startStream(
  prepared: PreparedAttempt,
  target: StreamTarget,
  { plan, deps }: { plan: DispatchPlan; deps: DispatchDeps },
): StartedAttempt<StreamEnd> {
  const { endpoint, encoded, request, pool } = prepared;
  const { writer, lenient, claim } = target;
  const mustVerify = encoded.emulatesSchema === true && plan.verify !== undefined;
  const gate = plan.gateOf?.(endpoint);
  const meter = new AttemptMeter(
    deps.clock,
    plan.collects || mustVerify || gate ? new CompletionCollector(streamCollectLimits) : undefined,
  );
  const decoder = encoded.openDecoder();
  const passThrough = encoded.passThrough && target.output === undefined;
  const { running, ended } = deferred<StreamEnd, StreamAttempt>((resolve) => {
    const own = passThrough ? passedOutput(plan, encoded, decoder) : undefined;
    return new StreamAttempt(
      {
        request,
        pool,
        decoder,
        output: target.output ?? own ?? new TranslatedOutput(plan.inbound.openEncoder(plan.context)),
        passThrough: passThrough && plan.context.framing === 'sse',
        meter,
        writer,
        wheel: deps.wheel,
        timeouts: endpoint.host.timeouts,
        lenient,
        allowance: plan.allowance,
        gate,
        verify: mustVerify ? async (completion) => plan.verify?.(completion) : undefined,
        claim,
        classify: (failure) => deps.providerOf(endpoint).classify(failure, deps.clock.nowMs(), endpoint),
        answerHeaders: () => plan.answerHeaders({ endpoint, attempts: target.attempts(), dropped: encoded.dropped }),
      },
      resolve,
    );
  });
  running.start();
  return { running, meter, ended };
}

/** The upstream speaks the client's dialect; only the framing may be another. */
function passedOutput(
  { inbound, context }: DispatchPlan,
  { stripUsage }: EncodedRequest,
  decoder: StreamDecoder,
): AnswerOutput {
  if (context.framing === 'json-array') return new JsonArrayOutput(inbound, context);
  return new PassThroughOutput(inbound, context, { decoder, stripUsage });
}

/** Starts an attempt whose answer is read whole. */
export function startBuffered(
  { endpoint, request, pool }: Omit<PreparedAttempt, 'encoded'>,
  { wheel, clock, providerOf }: DispatchDeps,
): StartedAttempt<BufferedEnd> {
  const meter = new AttemptMeter(clock);
  const { running, ended } = deferred<BufferedEnd, BufferedAttempt>(
    (resolve) =>
      new BufferedAttempt(
        {
          request,
          pool,
          meter,
          wheel,
          idleMs: endpoint.host.timeouts.idleMs,
          classify: (failure) => providerOf(endpoint).classify(failure, clock.nowMs(), endpoint),
        },
        resolve,
      ),
  );
  running.start();
  return { running, meter, ended };
}

function deferred<End, Attempt>(
  make: (resolve: (end: End) => void) => Attempt,
): { running: Attempt; ended: Promise<End> } {
  let resolve: (end: End) => void = () => undefined;
  const ended = new Promise<End>((settle) => {
    resolve = settle;
  });
  return { running: make((end) => resolve(end)), ended };
}
