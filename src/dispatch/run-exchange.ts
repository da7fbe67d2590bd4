import type { Endpoint } from '../domain/calls/endpoint.ts';
import type { AttemptFlag } from '../domain/facts/facts.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { WheelTimer } from '../platform/timer-wheel.ts';
import type { OutboundCall } from '../providers/contract.ts';
import { type AnswerOutput, TranslatedOutput } from './answers/answer-output.ts';
import { AttemptLedger } from './failover/attempt-ledger.ts';
import type { AttemptMeter } from './attempts/attempt-meter.ts';
import type { BufferedAnswer } from './attempts/buffered-attempt.ts';
import type { ClientSink } from './answers/client-sink.ts';
import { addUsage } from './answers/continuation.ts';
import { ContinuedOutput } from './answers/continued-output.ts';
import type { DispatchDeps, DispatchPlan, DispatchResult } from './dispatch-plan.ts';
import { type PreparedAttempt, prepareAttempt, type RunningAttempt, startBuffered } from './exchange-attempts.ts';
import type { Leniency } from './attempts/judge-answer.ts';
import type { Interrupter } from './media/media-fetcher.ts';
import { nextAttempt, type Tried } from './failover/next-attempt.ts';
import { type ReadAnswer, readAnswer } from './attempts/read-answer.ts';
import { type EndedStream, StreamRace } from './failover/stream-race.ts';
import { keepaliveOf, StreamWriter } from './answers/stream-writer.ts';

/** Runs one exchange to its end: attempt after attempt until one answers, the client leaves or time is up. */
export function runExchange(plan: DispatchPlan, sink: ClientSink, deps: DispatchDeps): Promise<DispatchResult> {
  return new ExchangeRun(plan, sink, deps).run();
}

/** What is sent where, in one round of the loop. */
interface Round {
  readonly endpoint: Endpoint;
  readonly call: OutboundCall;
  readonly flags: readonly AttemptFlag[];
  /** Asked although its circuit is open. */
  readonly isLastResort: boolean;
}

/** What is particular to the end of one exchange. */
type Ending = Pick<DispatchResult, 'status'> &
  Partial<Omit<DispatchResult, 'attempts' | 'costNanos' | 'dropped' | 'added' | 'continued' | 'usage'>>;

class ExchangeRun implements Interrupter {
  readonly #plan: DispatchPlan;
  readonly #deps: DispatchDeps;
  readonly #ledger: AttemptLedger;
  readonly #writer: StreamWriter | undefined;
  readonly #startedMs: number;
  readonly #tried: Tried[] = [];
  readonly #deadline: WheelTimer;
  /** One output for several upstreams, when a cut stream may be continued. */
  readonly #continued: ContinuedOutput | undefined;
  #running: RunningAttempt | undefined;
  #wake: (() => void) | undefined;
  #stopFetching: (() => void) | undefined;
  #drainTimer: WheelTimer | undefined;
  #isGone = false;
  #isExpired = false;
  #isOver = false;

  constructor(plan: DispatchPlan, sink: ClientSink, deps: DispatchDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#ledger = new AttemptLedger(plan, deps.signals);
    this.#startedMs = deps.clock.monotonicMs();
    this.#isExpired = plan.totalMs <= 0;
    this.#deadline = deps.wheel.after(plan.totalMs, () => this.#expire());
    if (plan.call.stream) this.#writer = this.#openWriter(sink);
    if (this.#writer && plan.continuation !== 'off') {
      this.#continued = new ContinuedOutput(new TranslatedOutput(plan.inbound.openEncoder(plan.context)));
    }
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
        const { endpoint, isLastResort } = next;
        const result = await this.#round({ endpoint, call: this.#plan.call, flags: [], isLastResort });
        if (result) return result;
      }
    } finally {
      this.#isOver = true;
      this.#deadline.cancel();
      if (this.#drainTimer) {
        this.#drainTimer.cancel();
        this.#deps.drains?.leave();
      }
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

  /** One attempt; undefined when another endpoint may take over. */
  async #round(round: Round): Promise<DispatchResult | undefined> {
    const { endpoint, call } = round;
    const preparing = prepareAttempt({ endpoint, call, interrupter: this }, this.#deps);
    const prepared = preparing instanceof Promise ? await this.#whileWanted(preparing) : preparing;
    if (prepared === undefined) return undefined;
    if (Fault.is(prepared)) {
      this.#tried.push({ endpoint: round.endpoint, fault: prepared });
      return undefined;
    }
    if (this.#isGone || this.#isExpired) return undefined;
    // While this call was made ready, another may have become the one probe of a circuit: then the choice is made anew.
    if (!round.isLastResort && this.#deps.signals.of(round.endpoint.id).availability().state === 'open')
      return undefined;
    if (!this.#writer) return this.#roundBuffered(prepared);
    const ended = await this.#stream(prepared, round, this.#writer);
    return this.#afterStream(ended);
  }

  /** Undefined as soon as the client leaves or time is up; the work itself may serve others, and goes on. */
  #whileWanted<Value>(work: Promise<Value>): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      work.then(resolve, reject);
    });
  }

  async #stream(prepared: PreparedAttempt, round: Round, writer: StreamWriter): Promise<EndedStream> {
    const isFirst = this.#tried.length === 0 && this.#plan.hedging !== undefined;
    const hedge = isFirst ? this.#hedgeOf(round.endpoint) : undefined;
    const target = { writer, output: this.#continued as AnswerOutput | undefined, lenient: this.#leniency() };
    const race = new StreamRace({
      plan: this.#plan,
      deps: this.#deps,
      ledger: this.#ledger,
      target,
      flags: round.flags,
      hedge,
    });
    this.#running = race;
    const { decided, dropouts } = await race.run(prepared);
    for (const { prepared: dropped, end } of dropouts) {
      if (end.kind === 'fault') this.#tried.push({ endpoint: dropped.endpoint, fault: end.fault });
    }
    return decided;
  }

  #hedgeOf(endpoint: Endpoint): { endpoint: Endpoint; delayMs: number; take(): boolean } | undefined {
    const { hedging, candidates } = this.#plan;
    const planned = hedging?.plan(endpoint, candidates, this.#deps.signals);
    return planned && hedging && { ...planned, take: () => hedging.take() };
  }

  async #afterStream({ prepared, meter, end }: EndedStream): Promise<DispatchResult | undefined> {
    if (end.kind === 'completed') {
      if (this.#isGone) return this.#aborted(prepared);
      return this.#completed(prepared, meter, { closing: end.closing, completion: meter.completion() });
    }
    if (end.kind === 'cancelled') return this.#aborted(prepared);
    this.#tried.push({ endpoint: prepared.endpoint, fault: end.fault });
    if (this.#isGone) return this.#aborted(prepared);
    if (!end.committed) return undefined;
    const continued = await this.#continue(prepared, end.fault);
    return continued ?? this.#failed(end.fault, end.closing());
  }

  /** Asks another endpoint for the rest of a cut stream; undefined when that is not possible. */
  async #continue(prepared: PreparedAttempt, fault: Fault): Promise<DispatchResult | undefined> {
    const output = this.#continued;
    if (!output || output.isContinued || !output.isPossible || !fault.kind.failover || this.#isExpired)
      return undefined;
    const endpoint = this.#successor(prepared.endpoint);
    const original = this.#plan.call.parse();
    if (!endpoint || Fault.is(original)) return undefined;
    const before = this.#ledger.usage;
    const parsed = output.continue(original, before);
    const call: OutboundCall = { ...this.#plan.call, translate: true, parse: () => parsed };
    const result = await this.#round({ endpoint, call, flags: ['continued'], isLastResort: false });
    if (!result) return undefined;
    // The answer is of both: where the second upstream told nothing, its usage is still that of the first.
    const { usage } = result;
    const whole = usage && usage !== before ? addUsage(before, usage) : usage;
    return { ...result, usage: whole, continued: true };
  }

  #successor(failed: Endpoint): Endpoint | undefined {
    const { candidates, continuation } = this.#plan;
    return candidates.find(
      ({ id, modelName, capabilities }) =>
        id !== failed.id &&
        (continuation === 'any' || modelName === failed.modelName) &&
        capabilities.assistantPrefill !== false &&
        this.#deps.signals.of(id).availability().state === 'ready',
    );
  }

  async #roundBuffered(prepared: PreparedAttempt): Promise<DispatchResult | undefined> {
    const { endpoint, encoded } = prepared;
    const { running, meter, ended } = startBuffered(prepared, this.#deps);
    const number = this.#ledger.begin(endpoint);
    this.#running = running;
    const end = await ended;
    const reading = end.kind === 'answered' ? this.#read(end.answer, prepared) : undefined;
    const read = reading instanceof Promise ? await reading : reading;
    const answer = Fault.is(read) ? undefined : read;
    const readFault = Fault.is(read) ? read : answer?.rejected;
    const fault = end.kind === 'fault' ? end.fault : readFault;
    if (answer?.completion) meter.finishReason = answer.completion.finish.reason;
    const isCancelled = end.kind === 'cancelled';
    const flags: AttemptFlag[] = this.#isGone && !isCancelled ? ['drained'] : [];
    this.#ledger.end(number, { endpoint, encoded, meter, fault, isCancelled, flags, usage: answer?.usage });
    if (fault) {
      this.#tried.push({ endpoint, fault });
      return undefined;
    }
    if (end.kind !== 'answered' || !answer || this.#isGone) return this.#aborted(prepared);
    const { contentType, body } = answer;
    const { completion } = answer;
    return this.#completed(prepared, meter, { answer: { status: end.answer.status, contentType, body }, completion });
  }

  /** Whatever comes of reading an answer, the attempt that brought it ends and is recorded. */
  #read(
    answer: BufferedAnswer,
    { encoded, endpoint }: PreparedAttempt,
  ): ReadAnswer | Fault | Promise<ReadAnswer | Fault> {
    const defect = (error: unknown): Fault => new Fault('internal', { cause: error });
    try {
      const gate = this.#plan.gateOf?.(endpoint);
      const read = readAnswer(this.#plan, encoded, { answer, lenient: this.#leniency(), gate });
      return read instanceof Promise ? read.catch(defect) : read;
    } catch (error) {
      return defect(error);
    }
  }

  #leniency(): Leniency {
    const { candidates, policy } = this.#plan;
    const mayGoElsewhere = policy.refusalFallback && policy.fallback;
    return {
      empty: this.#tried.some(({ fault }) => fault.code === 'empty_completion'),
      refusal: !mayGoElsewhere || candidates.length - this.#triedEndpoints() <= 1,
    };
  }

  /** The endpoint being asked is not among them yet. */
  #triedEndpoints(): number {
    return new Set(this.#tried.map(({ endpoint }) => endpoint.id)).size;
  }

  #openWriter(sink: ClientSink): StreamWriter {
    const { inbound, context, keepaliveMs, clientStallMs } = this.#plan;
    const keepalive = keepaliveOf(inbound.dialect, context.framing);
    const writer = new StreamWriter(
      sink,
      { keepaliveMs, clientStallMs, keepalive, framing: context.framing },
      this.#deps.wheel,
    );
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

  /** Cancels the upstream at once, or lets it finish unheard for a while to learn its true usage. */
  #clientGone(): void {
    // Clients also leave while the end of their answer is on its way.
    if (this.#isOver) return;
    this.#isGone = true;
    this.#interrupt();
    this.#writer?.detach();
    const { drainMs } = this.#plan;
    const mayDrain = drainMs > 0 && this.#running !== undefined && this.#deps.drains?.enter() !== false;
    if (!mayDrain) this.#running?.cancel();
    else this.#drainTimer = this.#deps.wheel.after(drainMs, () => this.#running?.cancel());
  }

  onInterrupt(stop: () => void): void {
    this.#stopFetching = stop;
  }

  #interrupt(): void {
    this.#stopFetching?.();
    this.#wake?.();
  }

  #expire(): void {
    this.#isExpired = true;
    this.#interrupt();
    this.#running?.abort(new Fault('deadline_exceeded'));
  }

  #completed(
    prepared: PreparedAttempt,
    meter: AttemptMeter,
    content: Pick<DispatchResult, 'closing' | 'answer' | 'completion'>,
  ): DispatchResult {
    const { finishReason, firstTokenMs } = meter;
    const { closing, answer, completion } = content;
    return this.#result(prepared, { status: 'completed', finishReason, firstTokenMs, closing, answer, completion });
  }

  /** A status that is spent, on content or on a keepalive before any, leaves only the stream to tell the fault in. */
  #failed(fault: Fault, closing?: string): DispatchResult {
    const endpoint = this.#tried.at(-1)?.endpoint;
    const inBand = this.#writer?.headersSent ?? false;
    if (!inBand) return this.#result(undefined, { status: 'failed', fault, endpoint });
    const { inbound, context } = this.#plan;
    const told = closing ?? inbound.openEncoder(context).fail(fault);
    return this.#result(undefined, { status: 'failed', fault, endpoint, inBand, closing: told });
  }

  #aborted(prepared: PreparedAttempt | undefined): DispatchResult {
    return this.#result(prepared, { status: 'aborted', fault: new Fault('client_gone') });
  }

  /** Written out field by field: results of one shape keep everything that reads them fast. */
  #result(prepared: PreparedAttempt | undefined, end: Ending): DispatchResult {
    return {
      status: end.status,
      fault: end.fault,
      inBand: end.inBand ?? false,
      endpoint: prepared?.endpoint ?? end.endpoint,
      attempts: this.#ledger.attempts,
      finishReason: end.finishReason,
      usage: this.#ledger.usage,
      costNanos: this.#ledger.costNanos,
      dropped: prepared?.encoded.dropped ?? [],
      added: prepared?.encoded.added ?? [],
      firstTokenMs: end.firstTokenMs,
      continued: false,
      passedThrough: prepared && prepared.encoded.passThrough && this.#continued === undefined,
      completion: end.completion,
      closing: end.closing,
      answer: end.answer,
    };
  }
}
