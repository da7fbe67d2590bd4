import type { Endpoint } from '../domain/endpoint.ts';
import { Fault } from '../domain/fault.ts';
import type { WheelTimer } from '../platform/timer-wheel.ts';
import type { EncodedRequest, UpstreamRequest } from '../providers/contract.ts';
import { type AnswerOutput, PassThroughOutput, TranslatedOutput } from './answer-output.ts';
import { AttemptLedger } from './attempt-ledger.ts';
import { AttemptMeter } from './attempt-meter.ts';
import { BufferedAttempt, type BufferedEnd } from './buffered-attempt.ts';
import type { ClientSink } from './client-sink.ts';
import type { DispatchDeps, DispatchPlan, DispatchResult } from './dispatch-plan.ts';
import { nextAttempt, type Tried } from './next-attempt.ts';
import { readAnswer } from './read-answer.ts';
import { StreamAttempt, type StreamEnd } from './stream-attempt.ts';
import { StreamWriter } from './stream-writer.ts';

/** An attempt in flight, streamed or not. */
interface RunningAttempt {
  cancel(): void;
  abort(fault: Fault): void;
}

/** A request ready to go to one endpoint. */
interface PreparedAttempt {
  readonly endpoint: Endpoint;
  readonly encoded: EncodedRequest;
  readonly request: UpstreamRequest;
}

const keepaliveComment = ': ping\n\n';
const keepaliveEvent = 'event: ping\ndata: {"type": "ping"}\n\n';

/** Runs one exchange to its end: attempt after attempt until one answers, the client leaves or time is up. */
export function runExchange(plan: DispatchPlan, sink: ClientSink, deps: DispatchDeps): Promise<DispatchResult> {
  return new ExchangeRun(plan, sink, deps).run();
}

class ExchangeRun {
  readonly #plan: DispatchPlan;
  readonly #deps: DispatchDeps;
  readonly #ledger: AttemptLedger;
  readonly #writer: StreamWriter | undefined;
  readonly #startedMs: number;
  readonly #tried: Tried[] = [];
  readonly #deadline: WheelTimer;
  #running: RunningAttempt | undefined;
  #wake: (() => void) | undefined;
  #isGone = false;
  #isExpired = false;

  constructor(plan: DispatchPlan, sink: ClientSink, deps: DispatchDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#ledger = new AttemptLedger(plan, deps.signals);
    this.#startedMs = deps.clock.monotonicMs();
    this.#deadline = deps.wheel.after(plan.totalMs, () => this.#expire());
    if (plan.call.stream) this.#writer = this.#openWriter(sink);
    sink.onGone(() => this.#clientGone());
  }

  async run(): Promise<DispatchResult> {
    try {
      for (;;) {
        if (this.#isGone) return this.#aborted(undefined);
        if (this.#isExpired) return this.#failed(new Fault('deadline_exceeded'));
        const next = nextAttempt(this.#choice());
        if (next.kind === 'give-up') return this.#failed(next.fault);
        if (next.waitMs > 0) {
          await this.#sleep(next.waitMs);
          if (this.#isGone || this.#isExpired) continue;
        }
        const prepared = await this.#prepare(next.endpoint);
        if (Fault.is(prepared)) {
          this.#tried.push({ endpoint: next.endpoint, fault: prepared });
          continue;
        }
        const result = await this.#attempt(prepared);
        if (result) return result;
      }
    } finally {
      this.#deadline.cancel();
      this.#writer?.stop();
    }
  }

  #choice(): Parameters<typeof nextAttempt>[0] {
    const { candidates, policy } = this.#plan;
    const { signals, clock, random } = this.#deps;
    const nowMs = clock.monotonicMs();
    const remainingMs = this.#plan.totalMs - (nowMs - this.#startedMs);
    return { candidates, policy, tried: this.#tried, signals, nowMs, remainingMs, random };
  }

  async #prepare(endpoint: Endpoint): Promise<PreparedAttempt | Fault> {
    const provider = this.#deps.providerOf(endpoint);
    const encoded = provider.encode(this.#plan.call, endpoint);
    if (Fault.is(encoded)) return encoded;
    try {
      const signed = provider.sign(encoded.request, endpoint);
      return { endpoint, encoded, request: signed instanceof Promise ? await signed : signed };
    } catch (error) {
      if (Fault.is(error)) return error;
      return new Fault('upstream_auth', { message: 'Credentials for the host could not be obtained.', cause: error });
    }
  }

  #attempt(prepared: PreparedAttempt): Promise<DispatchResult | undefined> {
    return this.#writer ? this.#attemptStream(prepared, this.#writer) : this.#attemptBuffered(prepared);
  }

  async #attemptStream(prepared: PreparedAttempt, writer: StreamWriter): Promise<DispatchResult | undefined> {
    const { endpoint, encoded } = prepared;
    const meter = new AttemptMeter(this.#deps.clock);
    const number = this.#ledger.begin(endpoint);
    const end = await this.#stream(prepared, meter, writer);
    const fault = end.kind === 'fault' ? end.fault : undefined;
    this.#ledger.end(number, { endpoint, encoded, meter, fault, isCancelled: end.kind === 'cancelled', flags: [] });
    if (end.kind === 'completed') return this.#completed(prepared, meter, { closing: end.closing });
    if (end.kind === 'cancelled') return this.#aborted(prepared);
    this.#tried.push({ endpoint, fault: end.fault });
    if (!end.committed) return undefined;
    return { ...this.#failed(end.fault), inBand: true, closing: end.closing };
  }

  #stream(prepared: PreparedAttempt, meter: AttemptMeter, writer: StreamWriter): Promise<StreamEnd> {
    const { endpoint, encoded, request } = prepared;
    const { plan, deps } = { plan: this.#plan, deps: this.#deps };
    const pool = deps.pools.pool(endpoint.host, request.origin);
    if (!pool) return Promise.resolve(overloadedLocally());
    const decoder = encoded.openDecoder();
    const output: AnswerOutput = encoded.passThrough
      ? new PassThroughOutput(plan.inbound, plan.context, { decoder, stripUsage: encoded.stripUsage })
      : new TranslatedOutput(plan.inbound.openEncoder(plan.context));
    return new Promise((resolve) => {
      const attempt = new StreamAttempt(
        {
          request,
          pool,
          decoder,
          output,
          passThrough: encoded.passThrough,
          meter,
          writer,
          wheel: deps.wheel,
          timeouts: endpoint.host.timeouts,
          acceptEmpty: this.#hadEmpty(),
          claim: () => true,
          classify: (failure) => deps.providerOf(endpoint).classify(failure, deps.clock.nowMs(), endpoint),
          answerHeaders: () =>
            plan.answerHeaders({ endpoint, attempts: this.#ledger.attempts, dropped: encoded.dropped }),
        },
        resolve,
      );
      this.#running = attempt;
      attempt.start();
    });
  }

  async #attemptBuffered(prepared: PreparedAttempt): Promise<DispatchResult | undefined> {
    const { endpoint, encoded } = prepared;
    const meter = new AttemptMeter(this.#deps.clock);
    const number = this.#ledger.begin(endpoint);
    const end = await this.#buffer(prepared, meter);
    const read =
      end.kind === 'answered'
        ? readAnswer(this.#plan, encoded, { answer: end.answer, acceptEmpty: this.#hadEmpty() })
        : undefined;
    const readFault = Fault.is(read) ? read : undefined;
    const fault = end.kind === 'fault' ? end.fault : readFault;
    const answer = Fault.is(read) ? undefined : read;
    if (answer?.completion) meter.finishReason = answer.completion.finish.reason;
    const usage = answer?.usage && { usage: answer.usage };
    this.#ledger.end(number, {
      endpoint,
      encoded,
      meter,
      fault,
      isCancelled: end.kind === 'cancelled',
      flags: [],
      ...usage,
    });
    if (fault) {
      this.#tried.push({ endpoint, fault });
      return undefined;
    }
    if (end.kind !== 'answered' || !answer) return this.#aborted(prepared);
    const { status } = end.answer;
    return this.#completed(prepared, meter, {
      answer: { status, contentType: answer.contentType, body: answer.body },
    });
  }

  #buffer(prepared: PreparedAttempt, meter: AttemptMeter): Promise<BufferedEnd> {
    const { endpoint, request } = prepared;
    const { pools, wheel, clock, providerOf } = this.#deps;
    const pool = pools.pool(endpoint.host, request.origin);
    if (!pool) return Promise.resolve(overloadedLocally());
    return new Promise((resolve) => {
      const attempt = new BufferedAttempt(
        {
          request,
          pool,
          meter,
          wheel,
          idleMs: endpoint.host.timeouts.idleMs,
          classify: (failure) => providerOf(endpoint).classify(failure, clock.nowMs(), endpoint),
        },
        resolve,
      );
      this.#running = attempt;
      attempt.start();
    });
  }

  /** An empty answer was already refused once: the next one is delivered, since a model may say nothing. */
  #hadEmpty(): boolean {
    return this.#tried.some(({ fault }) => fault.code === 'empty_completion');
  }

  #openWriter(sink: ClientSink): StreamWriter {
    const { inbound, context, keepaliveMs, clientStallMs } = this.#plan;
    const comment = context.framing === 'sse' ? keepaliveComment : undefined;
    const keepalive = inbound.dialect === 'anthropic-messages' ? keepaliveEvent : comment;
    const writer = new StreamWriter(sink, { keepaliveMs, clientStallMs, keepalive }, this.#deps.wheel);
    writer.startKeepalive(() => this.#plan.earlyHeaders());
    return writer;
  }

  #sleep(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.wheel.after(waitMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #clientGone(): void {
    this.#isGone = true;
    this.#wake?.();
    this.#running?.cancel();
  }

  #expire(): void {
    this.#isExpired = true;
    this.#wake?.();
    this.#running?.abort(new Fault('deadline_exceeded'));
  }

  #completed(
    prepared: PreparedAttempt,
    meter: AttemptMeter,
    content: Pick<DispatchResult, 'closing' | 'answer'>,
  ): DispatchResult {
    return {
      ...this.#summary(prepared),
      status: 'completed',
      inBand: false,
      ...(meter.finishReason !== undefined && { finishReason: meter.finishReason }),
      ...(meter.firstTokenMs !== undefined && { firstTokenMs: meter.firstTokenMs }),
      ...content,
    };
  }

  #failed(fault: Fault): DispatchResult {
    const endpoint = this.#tried.at(-1)?.endpoint;
    const started = this.#writer?.headersSent ?? false;
    const failed: DispatchResult = { ...this.#summary(undefined), status: 'failed', fault, inBand: started };
    const withEndpoint = endpoint ? { ...failed, endpoint } : failed;
    if (!started) return withEndpoint;
    // A keepalive went out before any answer: the status is spent, the fault is told in band.
    const text = this.#plan.inbound.openEncoder(this.#plan.context).fail(fault);
    return { ...withEndpoint, closing: text };
  }

  #aborted(prepared: PreparedAttempt | undefined): DispatchResult {
    const fault = new Fault('client_gone');
    return { ...this.#summary(prepared), status: 'aborted', fault, inBand: false };
  }

  #summary(prepared: PreparedAttempt | undefined): Omit<DispatchResult, 'status' | 'inBand'> {
    return {
      attempts: this.#ledger.attempts,
      costNanos: this.#ledger.costNanos,
      dropped: prepared?.encoded.dropped ?? [],
      added: prepared?.encoded.added ?? [],
      continued: false,
      ...(prepared && { endpoint: prepared.endpoint }),
      ...(this.#ledger.usage && { usage: this.#ledger.usage }),
    };
  }
}

function overloadedLocally(): { kind: 'fault'; fault: Fault; committed: false; closing: '' } {
  const fault = new Fault('upstream_overloaded', { message: 'Too many calls are waiting for this host.' });
  return { kind: 'fault', fault, committed: false, closing: '' };
}
