import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Answer, Frame } from '../answers/answer.ts';
import type { Failure } from '../scripts/failure.ts';
import type { Prompt, PromptTurn, SimulatedDialectId } from '../answers/prompt.ts';
import type { RetryAdvice } from '../answers/retry-headers.ts';
import type { Script } from '../scripts/script.ts';

/** A request as far as its route is understood. */
export interface DialectInput {
  /** Model name without its script. */
  readonly model: string;
  readonly stream: boolean;
  readonly body: JsonObject;
  readonly script: Script;
  /** Name under which this server signs thinking. */
  readonly label: string;
  /** Turns of the stored response that the request continues. */
  readonly earlier: readonly PromptTurn[];
}

/** Everything a dialect needs to give an answer its shape. */
export interface AnswerContext {
  readonly answer: Answer;
  readonly prompt: Prompt;
  readonly script: Script;
}

/** One wire dialect: written as literal shapes, sharing no code with the gateway's own encoders. */
export interface SimulatedDialect {
  readonly id: SimulatedDialectId;
  /** Top-level fields a strict server knows. */
  readonly knownFields: ReadonlySet<string>;
  /** Message of a strict server about a field it does not know. */
  unknownField(name: string): string;
  /** The request, or the reason why a real server would refuse it. */
  readPrompt(input: DialectInput): Prompt | Failure;
  completion(context: AnswerContext): JsonObject;
  frames(context: AnswerContext): readonly Frame[];
  errorBody(failure: Failure, advice: RetryAdvice): JsonObject;
  /** Events that end a stream in failure after `sent` earlier frames. */
  errorFrames(failure: Failure, context: AnswerContext, sent: number): readonly Frame[];
}

/** Tells a prompt from a failure. */
export function isFailure(value: Prompt | Failure): value is Failure {
  return 'status' in value;
}
