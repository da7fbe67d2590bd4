import { firstHeader } from '../../platform/first-header.ts';
import type { Completion } from '../../domain/calls/completion.ts';
import { hasContent } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import {
  embeddingsDialect,
  isObject,
  parseExact,
  readPassThroughUsage,
  stringifyExact,
} from '../../protocols/index.ts';
import type { EncodedRequest } from '../../providers/contract.ts';
import type { BufferedAnswer } from './buffered-attempt.ts';
import type { AnswerGate, DispatchPlan } from '../dispatch-plan.ts';
import { judgeAnswer, type Leniency } from './judge-answer.ts';

/** A whole answer with its meaning. */
export interface ReadAnswer {
  readonly completion?: Completion;
  readonly usage?: Usage;
  /** What the client gets. */
  readonly body: Buffer | string;
  readonly contentType: string;
  /** Why another attempt is made although there is an answer: what it used is paid for. */
  readonly rejected?: Fault;
}

/** Reads a whole upstream answer: usage and finish reason always, translation when dialects differ. */
export function readAnswer(
  plan: DispatchPlan,
  encoded: EncodedRequest,
  upstream: { answer: BufferedAnswer; lenient: Leniency; gate?: AnswerGate | undefined },
): ReadAnswer | Fault | Promise<ReadAnswer | Fault> {
  const { answer } = upstream;
  const contentType = firstHeader(answer.headers['content-type']) ?? 'application/json';
  const { operation } = plan.call;
  if (operation === 'embeddings' && !encoded.passThrough) return translateEmbeddings(plan, encoded, answer);
  if (operation !== 'generate') return readPassThrough(plan, answer, contentType);
  const body = parseObject(answer.body);
  if (!body) return new Fault('upstream_malformed', { message: 'The upstream answer is not a JSON object.' });
  const completion = encoded.decodeCompletion(body);
  if (Fault.is(completion)) return completion;
  const { reason } = completion.finish;
  const unfit = judgeAnswer({ reason, hasContent: hasContent(completion) }, upstream.lenient);
  if (unfit) return unfit;
  const passed = encoded.passThrough ? { body: answer.body, contentType } : undefined;
  const write = (): ReadAnswer => writeAnswer(plan, completion, passed);
  const verified = encoded.emulatesSchema === true ? plan.verify?.(completion) : undefined;
  const { gate } = upstream;
  if (!verified && !gate) return write();
  return Promise.resolve(verified)
    .then((unmet) => unmet ?? gate?.(completion))
    .then((rejected) => (rejected ? { ...write(), rejected } : write()));
}

/** The answer as the client gets it: the upstream's own bytes, or written in the client's dialect. */
function writeAnswer(
  plan: DispatchPlan,
  completion: Completion,
  passed: Pick<ReadAnswer, 'body' | 'contentType'> | undefined,
): ReadAnswer {
  const usage = completion.usage && { usage: completion.usage };
  if (passed) return { completion, ...usage, ...passed };
  const translated = stringifyExact(plan.inbound.encodeCompletion(completion, plan.context));
  return { completion, ...usage, body: translated, contentType: 'application/json' };
}

function readPassThrough(plan: DispatchPlan, answer: BufferedAnswer, contentType: string): ReadAnswer | Fault {
  if (!/json/i.test(contentType)) return { body: answer.body, contentType };
  const body = parseObject(answer.body);
  if (!body) return new Fault('upstream_malformed', { message: 'The upstream answer is not a JSON object.' });
  const usage = readPassThroughUsage(plan.call.operation, body);
  return { body: answer.body, contentType, ...(usage && { usage }) };
}

/** Vectors of a host that speaks of them otherwise than the client does. */
function translateEmbeddings(plan: DispatchPlan, encoded: EncodedRequest, answer: BufferedAnswer): ReadAnswer | Fault {
  const client = embeddingsDialect(plan.call.dialect);
  const body = parseObject(answer.body);
  const asked = client?.parseCall(plan.call.body);
  const read = body && embeddingsDialect(encoded.dialect)?.readAnswer(body);
  if (!client || !asked || !read)
    return new Fault('upstream_malformed', { message: 'The answer is not a JSON object.' });
  if (Fault.is(asked)) return asked;
  if (Fault.is(read)) return read;
  if (read.vectors.length !== asked.inputs.length) {
    const message = `The upstream sent ${read.vectors.length} vectors for ${asked.inputs.length} inputs.`;
    return new Fault('upstream_malformed', { message });
  }
  const context = { model: plan.context.model, estimatedTokens: plan.estimateInputTokens() };
  const { usage } = read;
  return {
    body: JSON.stringify(client.encodeAnswer(read, asked, context)),
    contentType: 'application/json',
    ...(usage && { usage }),
  };
}

function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value = parseExact(bytes.toString());
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller names the fault.
    return undefined;
  }
}
