import { createHash } from 'node:crypto';
import type { JsonObject } from '../../domain/model-call.ts';
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
  readonly candidates: readonly string[];
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

/** The call that puts an item to a candidate. */
export function callOf(
  item: EvalItem,
  spec: EvalSpec,
  asked: { readonly candidate: string; readonly sample: number },
): JsonObject {
  const { temperature, seed, samples } = spec;
  return {
    model: asked.candidate,
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
export function inputTokensOf({ messages, tools = [], responseFormat }: EvalItem): number {
  return 64 + Math.ceil(Buffer.byteLength(JSON.stringify([messages, tools, responseFormat ?? null])) / 2);
}
