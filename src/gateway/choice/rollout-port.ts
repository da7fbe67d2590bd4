import type { PromptVersion, ResolvedJob } from '../../catalog/index.ts';
import type { DispatchResult } from '../../dispatch/index.ts';
import type { FinalFact } from '../../domain/facts/facts.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { FormVerdict } from '../evidence/answer-signals.ts';
import type { Received } from '../received.ts';

/** Which side of a rollout answers a request. */
export interface RolloutAssignment {
  readonly rolloutId: string;
  /** What the sides differ in. */
  readonly kind: 'model' | 'host' | 'policy' | 'prompt';
  readonly candidate: string;
  /** Of a host: the model that it is to serve. */
  readonly model?: string | undefined;
  /** Of a policy: the settings of its side. */
  readonly settings?: ResolvedJob['settings'] | undefined;
  readonly arm: 'incumbent' | 'candidate';
  /** Exact chance of this side. */
  readonly propensity: number;
  /** What was assigned: a conversation, or a request without one. */
  readonly unit: string;
}

/** A prompt that a rollout brings in. */
export interface RolledPrompt extends PromptVersion {
  /** Version in the job's settings that it was tried against, empty for none; when those say another one, they win. */
  readonly replaces: string;
}

/** What rollouts say of the prompt of a job. */
export interface PromptAssignment {
  /** Promoted, in order of making: the last one that fits the settings of the job stands. */
  readonly promoted: readonly RolledPrompt[];
  /** In its canary: the side of the request. */
  readonly tried?: { readonly prompt: RolledPrompt; readonly side: RolloutAssignment } | undefined;
}

/** How an assigned request ended. */
export interface AssignedEnd {
  readonly final: FinalFact;
  /** The other side answered, because the candidate did not. */
  readonly isRescued: boolean;
}

/** An answer that has left, of which a copy may be made. */
export interface LeftAnswer {
  readonly received: Received;
  readonly job: string;
  readonly final: FinalFact;
  readonly result: DispatchResult;
  /** What the gateway itself saw of the answer. */
  readonly verdicts: readonly FormVerdict[];
  readonly maxOutputTokens: number | undefined;
  /** Answers that the request asks for at once. */
  readonly alternatives: number;
  /** What it was told besides, by its job. */
  readonly prompt?: PromptVersion | undefined;
  parse(): ModelCall | Fault;
}

/** What the gateway asks and tells about rollouts; it knows nothing of how they are decided. */
export interface RolloutPort {
  /** The side for a request of a job; undefined without a rollout that has traffic. */
  assign(job: string, unit: string): RolloutAssignment | undefined;
  /** The same of its prompt; undefined where no rollout has a say. */
  prompt(job: string, unit: string): PromptAssignment | undefined;
  /** Models that earlier rollouts of the job did not let in. */
  barred(job: string): ReadonlySet<string>;
  /** How an assigned request ended. */
  answered(assignment: RolloutAssignment, end: AssignedEnd): void;
}

/** Who is told of answers that have left: to copy their requests, or to keep them. */
export interface LeftAnswerPort {
  /** Whether answers of the job are wanted, and so wanted whole. */
  wants(job: string): boolean;
  /** An answer of a job has left; whatever is done about it, nobody waits. */
  left(answer: LeftAnswer): void;
}
