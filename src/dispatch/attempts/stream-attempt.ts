import type { IncomingHttpHeaders } from 'node:http';
import { isContent } from '../../domain/calls/stream-part.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { firstHeader } from '../../platform/first-header.ts';
import type { WheelTimer } from '../../platform/timer-wheel.ts';
import type { Frame } from '../../protocols/contract.ts';
import type { AnswerGate } from '../dispatch-plan.ts';
import { ErrorBody } from './error-body.ts';
import { HeldFrames } from './held-frames.ts';
import { judgeAnswer } from './judge-answer.ts';
import { PaidOutput } from './paid-output.ts';
import { isMalformed, readableRest } from './readable-rest.ts';
import type { StreamAttemptSettings, StreamEnd } from './stream-attempt-settings.ts';
import { startUpstreamCall, type UpstreamCall, type UpstreamListener } from './upstream-call.ts';

/** Bytes of lifecycle frames held before content; more than that commits. */
const maxHeldBytes = 64 * 1024;
/** Bytes of an answer held for its gate; a longer one is turned down. */
const maxGatedBytes = 8 * 1024 * 1024;
const maxPingResets = 5;
const beyondAllowance = 'The answer reached what its budget has left, and ends here.';
/** After the finish reason the rest is bookkeeping: nobody waits long for it. */
const tailMs = 5000;

/**
 * One upstream stream from request to end: HELD until the first content, then COMMITTED, then TAIL after the finish
 * reason. Before the commit nothing reaches the client, so another endpoint can take over; after it every fault is
 * told in band.
 */
export class StreamAttempt implements UpstreamListener {
  readonly #settings: StreamAttemptSettings;
  readonly #onEnd: (end: StreamEnd) => void;
  #call: UpstreamCall | undefined;
  #state: 'held' | 'gated' | 'committed' | 'tail' | 'checking' | 'over' = 'held';
  #gate: AnswerGate | undefined;
  readonly #held = new HeldFrames();
  readonly #paid: PaidOutput;
  #timer: WheelTimer | undefined;
  #pingResets = 0;
  #errorBody: ErrorBody | undefined;

  constructor(settings: StreamAttemptSettings, onEnd: (end: StreamEnd) => void) {
    this.#settings = settings;
    this.#gate = settings.gate;
    this.#paid = new PaidOutput(settings.allowance);
    this.#onEnd = onEnd;
  }

  start(): void {
    const { wheel, timeouts, pool, request } = this.#settings;
    this.#timer = wheel.after(timeouts.firstTokenMs, () => this.#timedOut());
    this.#call = startUpstreamCall(pool, request, this);
  }

  get committed(): boolean {
    return this.#state === 'committed' || this.#state === 'tail' || this.#state === 'checking';
  }

  /** Ends the attempt from outside: client gone, hedge lost. */
  cancel(): void {
    if (this.#state === 'over') return;
    this.#finish({ kind: 'cancelled' });
  }

  /** Ends the attempt with a fault from outside, such as the deadline. */
  abort(fault: Fault): void {
    if (this.#state !== 'over') this.#fail(fault);
  }

  connected(): void {
    this.#settings.meter.connectedMs = this.#settings.meter.elapsedMs();
  }

  headers(status: number, headers: IncomingHttpHeaders): void {
    const { meter } = this.#settings;
    meter.upstreamStatus = status;
    meter.upstreamRequestId = firstHeader(
      headers['x-request-id'] ?? headers['request-id'] ?? headers['apim-request-id'],
    );
    const isStream = /event-stream|amazon\.eventstream/i.test(firstHeader(headers['content-type']) ?? '');
    if (status !== 200 || !isStream) this.#errorBody = new ErrorBody(status, headers);
  }

  data(chunk: Buffer): void {
    if (this.#isRead()) return;
    const { meter } = this.#settings;
    meter.firstByteMs ??= meter.elapsedMs();
    if (this.#errorBody) {
      if (!this.#errorBody.push(chunk)) this.#fail(this.#settings.classify(this.#errorBody.failure()));
      return;
    }
    this.#take(this.#settings.decoder.push(chunk));
  }

  ended(): void {
    if (this.#isRead()) return;
    if (this.#errorBody) return this.#fail(this.#settings.classify(this.#errorBody.failure()));
    const { decoder, passThrough } = this.#settings;
    const rest = decoder.end();
    this.#take(passThrough ? readableRest(rest, decoder.position.finished) : rest);
    if (this.#isRead()) return;
    if (this.#settings.decoder.position.finished) this.#complete();
    else this.#fail(new Fault('truncated', { message: 'The upstream closed the stream without a finish reason.' }));
  }

  failed(phase: 'connect' | 'headers' | 'body', error: Error): void {
    if (this.#isRead()) return;
    // A refusal whose body broke off is still that refusal.
    if (this.#errorBody?.isRefusal) return this.#fail(this.#settings.classify(this.#errorBody.failure()));
    if (this.#settings.decoder.position.finished) return this.#complete();
    const classified = this.#settings.classify({ kind: 'network', phase, cause: error });
    // A stream that breaks off in its body is cut, whatever the transport calls it.
    const cut = phase === 'body' && classified.code === 'upstream_unreachable';
    this.#fail(
      cut ? new Fault('truncated', { message: 'The upstream broke off the stream.', cause: error }) : classified,
    );
  }

  broke(error: unknown): void {
    if (!this.#isOver()) this.#fail(new Fault('internal', { cause: error }));
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }

  /** Whatever the upstream still does, the answer is there. */
  #isRead(): boolean {
    return this.#state === 'gated' || this.#state === 'checking' || this.#isOver();
  }

  #take(frames: readonly Frame[]): void {
    const { meter, passThrough } = this.#settings;
    const out: (Buffer | string)[] = [];
    // Bytes that do not complete an event yet are progress as well: large events take their time.
    let hasProgress = frames.length === 0;
    for (const frame of frames) {
      if (this.#paid.isExceededBy(frame.parts)) {
        this.#write(out);
        return this.#fail(new Fault('budget_exceeded', { message: beyondAllowance }));
      }
      let hasContent = false;
      for (const part of frame.parts) {
        if (part.type === 'error') {
          // Without its bytes (it was too large to keep) an event cannot be passed on, whoever would understand it.
          if (passThrough && isMalformed(part) && frame.bytes.length > 0) {
            meter.malformedEvents++;
            continue;
          }
          this.#write(out);
          return this.#fail(part.fault);
        }
        if (part.type !== 'ping') hasProgress = true;
        if (part.type === 'start' && this.#state === 'held') this.#held.begin();
        if (isContent(part)) hasContent = true;
        meter.observe(part);
      }
      this.#emit(frame, hasContent, out);
      if (this.#isOver()) return;
    }
    this.#write(out);
    this.#touch(hasProgress);
    if (this.#settings.decoder.position.terminated) this.#complete();
  }

  #emit(frame: Frame, hasContent: boolean, out: (Buffer | string)[]): void {
    if (this.#state === 'held') {
      this.#held.add(frame);
      if (this.#gate) {
        if (this.#held.sizeBytes > maxGatedBytes) this.#fail(tooLongForGate());
      } else if (hasContent || this.#held.sizeBytes > maxHeldBytes) this.#commit(out);
      return;
    }
    const bytes = this.#settings.output.frame(frame);
    if (bytes.length > 0) out.push(bytes);
  }

  #commit(out: (Buffer | string)[]): void {
    if (!this.#settings.claim()) return this.cancel();
    const { writer, output } = this.#settings;
    this.#state = 'committed';
    this.#awaitBytes();
    writer.attach({ pause: () => this.#pause(), resume: () => this.#resume() });
    writer.start(this.#settings.answerHeaders());
    for (const frame of this.#held.take()) {
      const bytes = output.frame(frame);
      if (bytes.length > 0) out.push(bytes);
    }
  }

  #write(out: readonly (Buffer | string)[]): void {
    const [first] = out;
    if (first === undefined) return;
    const bytes =
      out.length === 1
        ? first
        : Buffer.concat(out.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
    this.#settings.writer.write(bytes);
  }

  /** Restarts the idle timer: on progress always, on bare pings only a few times. */
  #touch(hasProgress: boolean): void {
    if (this.#state === 'held' && this.#gate && hasProgress && this.#settings.meter.sawContent) this.#awaitBytes();
    if (this.#state !== 'committed' && this.#state !== 'tail') return;
    this.#pingResets = hasProgress ? 0 : this.#pingResets + 1;
    if (this.#pingResets <= maxPingResets && !this.#settings.writer.paused) this.#timer?.restart();
    if (this.#state === 'committed' && this.#settings.decoder.position.finished) this.#enterTail();
  }

  #enterTail(): void {
    this.#state = 'tail';
    this.#timer?.cancel();
    // While we hold the upstream, its silence is ours.
    if (!this.#settings.writer.paused) this.#awaitBytes();
  }

  #pause(): void {
    this.#call?.pause();
    this.#timer?.cancel();
  }

  #resume(): void {
    if (this.#isOver()) return;
    this.#awaitBytes();
    this.#call?.resume();
  }

  #awaitBytes(): void {
    const { wheel, timeouts } = this.#settings;
    const limitMs = this.#isInTail() ? Math.min(tailMs, timeouts.idleMs) : timeouts.idleMs;
    this.#timer?.cancel();
    this.#timer = wheel.after(limitMs, () => this.#timedOut());
  }

  #isInTail(): boolean {
    return this.#state === 'tail' || (this.#gate !== undefined && this.#settings.decoder.position.finished);
  }

  #timedOut(): void {
    if (this.#isRead()) return;
    try {
      this.#giveUpWaiting();
    } catch (error) {
      this.broke(error);
    }
  }

  #giveUpWaiting(): void {
    if (this.#isInTail()) return this.#complete();
    if (this.#errorBody?.isRefusal) return this.#fail(this.#settings.classify(this.#errorBody.failure()));
    const isUnheard = this.#state === 'held' && !this.#settings.meter.sawContent;
    const message = isUnheard
      ? 'The upstream sent no content within the first-token limit.'
      : 'The upstream fell silent in the middle of its answer.';
    this.#fail(new Fault(isUnheard ? 'upstream_timeout' : 'truncated', { message }));
  }

  #complete(): void {
    if (this.#isRead()) return;
    const { meter, lenient, verify } = this.#settings;
    if (this.#state === 'held') {
      const unfit = judgeAnswer({ reason: meter.finishReason, hasContent: meter.sawContent }, lenient);
      if (unfit) return this.#fail(unfit);
      if (this.#gate) return this.#pass(this.#gate);
      const out: (Buffer | string)[] = [];
      this.#commit(out);
      if (this.#isOver()) return;
      this.#write(out);
    }
    const completion = verify && meter.completion();
    if (!verify) return this.#close(undefined);
    // An answer too long to be kept cannot be checked, and is not told to fit.
    if (!completion) return this.#fail(new Fault('schema_unmet', { message: 'The answer is too long to be checked.' }));
    this.#state = 'checking';
    this.#timer?.cancel();
    verify(completion)
      .then((unmet) => this.#close(unmet))
      .catch((error: unknown) => this.broke(error));
  }

  /** The whole answer waits for its verdict; one that is turned down was never seen. */
  #pass(gate: AnswerGate): void {
    this.#state = 'gated';
    this.#timer?.cancel();
    const completion = this.#settings.meter.completion();
    if (!completion) return this.#fail(tooLongForGate());
    gate(completion)
      .then((rejected) => {
        if (this.#isOver()) return;
        if (rejected) return this.#fail(rejected);
        this.#state = 'held';
        this.#gate = undefined;
        this.#complete();
      })
      .catch((error: unknown) => this.broke(error));
  }

  #close(unmet: Fault | undefined): void {
    if (this.#isOver()) return;
    if (unmet) return this.#fail(unmet);
    this.#finish({ kind: 'completed', closing: this.#settings.output.close() });
  }

  #fail(fault: Fault): void {
    const { committed } = this;
    const closing = (): string => (committed ? this.#settings.output.fail(fault) : '');
    this.#finish({ kind: 'fault', fault, committed, closing });
  }

  #finish(end: StreamEnd): void {
    this.#state = 'over';
    this.#held.take();
    this.#timer?.cancel();
    if (end.kind === 'completed') this.#call?.release(this.#settings.wheel);
    else this.#call?.cancel();
    this.#onEnd(end);
  }
}

function tooLongForGate(): Fault {
  return new Fault('answer_rejected', { message: 'The answer is too long to be looked at before it is delivered.' });
}
