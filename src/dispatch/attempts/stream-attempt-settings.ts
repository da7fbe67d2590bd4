import type { Dispatcher } from 'undici';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Timeouts } from '../../domain/calls/endpoint.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import type { StreamDecoder } from '../../protocols/contract.ts';
import type { UpstreamFailure, UpstreamRequest } from '../../providers/contract.ts';
import type { AnswerOutput } from '../answers/answer-output.ts';
import type { AnswerHeaders } from '../answers/client-sink.ts';
import type { StreamWriter } from '../answers/stream-writer.ts';
import type { AnswerGate, DispatchPlan } from '../dispatch-plan.ts';
import type { AttemptMeter } from './attempt-meter.ts';
import type { Leniency } from './judge-answer.ts';

/** How a streamed attempt ended. */
export type StreamEnd =
  /** Good end; `closing` may be sent once the fact is durable. */
  | { readonly kind: 'completed'; readonly closing: Buffer | string }
  /** `closing` makes the in-band error, asked for only when nobody continues the answer. */
  | { readonly kind: 'fault'; readonly fault: Fault; readonly committed: boolean; closing(): string }
  | { readonly kind: 'cancelled' };

/** Everything one streamed attempt needs; made anew for each attempt. */
export interface StreamAttemptSettings {
  readonly request: UpstreamRequest;
  readonly pool: Dispatcher;
  readonly decoder: StreamDecoder;
  readonly output: AnswerOutput;
  readonly passThrough: boolean;
  readonly meter: AttemptMeter;
  readonly writer: StreamWriter;
  readonly wheel: TimerWheel;
  readonly timeouts: Pick<Timeouts, 'firstTokenMs' | 'idleMs'>;
  /** What is delivered although it holds nothing or refuses. */
  readonly lenient: Leniency;
  /** Checks the whole answer before its good end; what does not fit ends in band. */
  readonly verify: ((completion: Completion) => Promise<Fault | undefined>) | undefined;
  /** Looks at the whole answer before the client sees any of it. */
  readonly gate: AnswerGate | undefined;
  /** Ends the stream when no more output is paid for. */
  readonly allowance: DispatchPlan['allowance'];
  /** Claims the client for this attempt; false when a hedge was faster. */
  claim(): boolean;
  classify(failure: UpstreamFailure): Fault;
  /** Headers of the answer, asked for at commit. */
  answerHeaders(): AnswerHeaders;
}
