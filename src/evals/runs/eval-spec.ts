import { createHash } from 'node:crypto';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { PromptVersion } from '../../catalog/index.ts';
import type { Expectation } from '../graders/grader.ts';

/** One question with what is right about its answer. */
export interface EvalItem {
  readonly id: string;
  readonly messages: readonly JsonObject[];
  readonly tools?: readonly JsonObject[] | undefined;
  readonly responseFormat?: JsonObject | undefined;
  readonly maxTokens?: number | undefined;
  readonly expected: Expectation;
  /** Model that gave the answer which is held for right; of kept requests only. */
  readonly answeredBy?: string | undefined;
  /** Of question and expectation: the same item in another run is known by it. */
  readonly digest: string;
}

/** What is to be evaluated, and for how much at most. */
export interface EvalSpec {
  readonly job: string;
  /** Models; one with `#` and a version is asked with that prompt in place of the job's. */
  readonly candidates: readonly string[];
  /** The prompt of the job when the run was made. */
  readonly prompt?: PromptVersion | undefined;
  /** Others that candidates are asked with. */
  readonly prompts?: readonly PromptVersion[] | undefined;
  readonly maxNanos: bigint;
  /** Answers per item and candidate. */
  readonly samples: number;
  readonly seed: number;
  readonly maxTokens: number;
  readonly temperature?: number | undefined;
  /** A service of the operator that grades. */
  readonly graderUrl?: string | undefined;
  /** The night that it was begun for, counted from 1970; absent: somebody asked for it. */
  readonly night?: number | undefined;
  /** The items are kept requests: the job's demands hold for whoever is asked, as they held when clients asked. */
  readonly isLogged?: boolean | undefined;
  /** Model that judges beside the graders. */
  readonly judge?: string | undefined;
}

/** One graded answer. */
export interface EvalResult {
  readonly itemId: string;
  readonly candidate: string;
  readonly sample: number;
  readonly requestId: string;
  readonly model: string;
  readonly host: string;
  /** null: nothing can be said. */
  readonly score: number | null;
  readonly verdict: 'pass' | 'fail' | 'unknown' | 'error';
  readonly reasons: readonly string[];
  readonly answer: string;
  readonly costNanos: bigint | null;
  readonly outputTokens: number;
  readonly totalMs: number;
}

/** Digest of what an item asks and demands. */
export function itemDigest(item: Pick<EvalItem, 'messages' | 'tools' | 'responseFormat' | 'expected'>): string {
  const { messages, tools = [], responseFormat = null, expected } = item;
  return createHash('sha256')
    .update(JSON.stringify([messages, tools, responseFormat, expected]))
    .digest('hex')
    .slice(0, 32);
}

/** What a candidate is: a model, and what it is told besides. */
export interface EvalArm {
  readonly model: string;
  readonly prompt: PromptVersion | undefined;
  /** The prompt is not the job's: what comes of it says nothing of the model as the job uses it. */
  readonly isTrial: boolean;
}

/** What a model with another prompt is called among the candidates. */
export function armName(model: string, { versionId }: Pick<PromptVersion, 'versionId'>): string {
  return `${model}#${versionId}`;
}

/** The model and the prompt behind the name of a candidate. */
export function armOf({ prompt, prompts = [] }: Pick<EvalSpec, 'prompt' | 'prompts'>, candidate: string): EvalArm {
  const tried = prompts.find(({ versionId }) => candidate.endsWith(`#${versionId}`));
  if (tried === undefined) return { model: candidate, prompt, isTrial: false };
  return { model: candidate.slice(0, -tried.versionId.length - 1), prompt: tried, isTrial: true };
}

/** The call that puts an item to a candidate. */
export function callOf(
  item: EvalItem,
  spec: EvalSpec,
  asked: { readonly candidate: string; readonly sample: number },
): JsonObject {
  const { temperature, seed, samples } = spec;
  return {
    model: armOf(spec, asked.candidate).model,
    messages: item.messages,
    max_tokens: item.maxTokens ?? spec.maxTokens,
    ...(item.tools && { tools: item.tools }),
    ...(item.responseFormat && { response_format: item.responseFormat }),
    ...(temperature !== undefined && { temperature }),
    // Samples of one item shall differ; without a temperature nothing is fixed that the caller did not fix.
    ...(samples > 1 && { seed: seed + asked.sample }),
  };
}

/** Upper estimate of the input tokens of an item: two bytes each, and some for the frame. */
export function inputTokensOf({ messages, tools = [], responseFormat }: EvalItem, prompt?: PromptVersion): number {
  const asked = JSON.stringify([messages, tools, responseFormat ?? null]);
  return 64 + Math.ceil((Buffer.byteLength(asked) + Buffer.byteLength(prompt?.instructions ?? '')) / 2);
}
