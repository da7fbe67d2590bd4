import type { PromptVersion } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { type Graders, gradersFor } from '../graders/graders.ts';
import type { Grade, Grader } from '../graders/grader.ts';
import { armOf, callOf, type EvalItem, type EvalResult, type EvalSpec, inputTokensOf } from './eval-spec.ts';
import { Purse } from './purse.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';

/** An answer of a candidate, from the production path. */
export interface EvalAnswer {
  readonly requestId: string;
  readonly model: string;
  readonly host: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  readonly costNanos: bigint | null;
  readonly outputTokens: number;
  readonly totalMs: number;
}

/** What came of a question, and what was spent on it; null: nobody knows. */
export interface AskedAnswer {
  readonly answer: EvalAnswer | Fault;
  /** Also of what brought no answer. */
  readonly costNanos: bigint | null;
}

/** What a run works with. */
export interface EvalParts {
  /** Through the gateway, like any client; with a prompt as its job would add it. */
  ask(body: JsonObject, prompt?: PromptVersion): Promise<AskedAnswer>;
  /** What a call may cost at most; null when a price is unknown, a Fault for a name that is no model. */
  ceilingNanos(
    model: string,
    size: { readonly inputTokens: number; readonly outputTokens: number },
  ): bigint | null | Fault;
  readonly graders: Graders;
  /** Speaks beside the graders, never alone. */
  readonly judge?: { readonly grader: Grader; readonly model: string } | undefined;
  /** Makes money durable that is set aside for an item: after a crash it counts as spent. */
  reserve(nanos: bigint): Promise<void>;
  /** Gives back what an item did not need of it. */
  giveBack(nanos: bigint): Promise<void>;
  /** Makes a result durable, with all that was spent on it, before the next item begins. */
  keep(result: EvalResult, judged: Grade | undefined, spentNanos: bigint): Promise<void>;
  /** Asked between items. */
  isCancelled(): boolean;
}

/** How a run ended. */
export interface EvalEnd {
  readonly state: 'completed' | 'stopped' | 'failed';
  readonly detail: string | undefined;
  readonly spentNanos: bigint;
}

/** Where a run begins: anew, or after a crash with what is there. */
export interface EvalStart {
  readonly items: readonly EvalItem[];
  readonly done: ReadonlySet<string>;
  readonly spentNanos: bigint;
}

const itemsAtOnce = 4;
const maxAnswer = 8000;

/** Names one answer of a run. */
export function answerName(itemId: string, candidate: string, sample: number): string {
  return `${itemId}\u0000${candidate}\u0000${sample}`;
}

/**
 * Asks every candidate every item. An item is begun only when the money for all of its calls is set aside: what is
 * there at the end is always paired.
 */
export async function runEval(spec: EvalSpec, start: EvalStart, parts: EvalParts): Promise<EvalEnd> {
  const purse = new Purse(spec.maxNanos, start.spentNanos);
  const end = (state: EvalEnd['state'], detail?: string): EvalEnd => ({ state, detail, spentNanos: purse.spentNanos });
  const problem = problemOf(spec, start.items, parts);
  if (problem !== undefined) return end('failed', problem);
  const running = new Set<Promise<void>>();
  let defect: unknown;
  let begun = 0;
  for (const item of start.items) {
    const reservedNanos = ceilingOf(item, spec, parts);
    // What is out may come back cheaper than it was taken for.
    while (running.size >= itemsAtOnce || (running.size > 0 && !fits(purse, reservedNanos)))
      await Promise.race(running);
    if (defect !== undefined || parts.isCancelled()) break;
    if (!purse.reserve(reservedNanos)) break;
    begun += 1;
    const work = runReserved(reservedNanos, { item, spec, parts, done: start.done })
      .then((costNanos) => purse.settle(reservedNanos, costNanos))
      .catch((error: unknown) => {
        defect = error;
        purse.settle(reservedNanos, null);
      })
      .finally(() => running.delete(work));
    running.add(work);
  }
  await Promise.all(running);
  if (defect !== undefined) throw defect;
  if (begun === start.items.length) return end('completed');
  const why = parts.isCancelled() ? 'it was stopped' : 'the money does not reach further';
  return end('stopped', `${why}: ${begun} of ${start.items.length} items were asked`);
}

function fits(purse: Purse, nanos: bigint): boolean {
  if (!purse.reserve(nanos)) return false;
  purse.settle(nanos, 0n);
  return true;
}

/** Whatever cannot work is said before any money is spent. */
function problemOf(spec: EvalSpec, items: readonly EvalItem[], parts: EvalParts): string | undefined {
  const models = spec.candidates.map((candidate) => armOf(spec, candidate).model);
  for (const model of [...models, ...(parts.judge ? [parts.judge.model] : [])]) {
    const ceiling = parts.ceilingNanos(model, { inputTokens: 1, outputTokens: 1 });
    if (Fault.is(ceiling)) return ceiling.message;
    if (ceiling === null) return `the price of ${model} is unknown, so no cap can hold; set one first`;
  }
  for (const item of items) {
    const graders = gradersFor(item.expected, parts.graders);
    if ('problem' in graders) return `item ${item.id}: ${graders.problem}`;
  }
  return undefined;
}

function ceilingOf(item: EvalItem, spec: EvalSpec, parts: EvalParts): bigint {
  const perSample = spec.candidates.reduce((sum, candidate) => {
    const { answerNanos, judgingNanos } = ceilingsOf(item, candidate, { spec, parts });
    return sum + answerNanos + judgingNanos;
  }, 0n);
  return BigInt(spec.samples) * perSample;
}

/** Most that one answer, and judging it, may cost. */
function ceilingsOf(
  item: EvalItem,
  candidate: string,
  { spec, parts }: { readonly spec: EvalSpec; readonly parts: EvalParts },
): { readonly answerNanos: bigint; readonly judgingNanos: bigint } {
  const { model: asks, prompt } = armOf(spec, candidate);
  const size = { inputTokens: inputTokensOf(item, prompt), outputTokens: item.maxTokens ?? spec.maxTokens };
  const of = (model: string, asked: typeof size): bigint => {
    const ceiling = parts.ceilingNanos(model, asked);
    return typeof ceiling === 'bigint' ? ceiling : 0n;
  };
  const judged = parts.judge && item.expected['judge'] !== undefined;
  // Both orders, each with question, reference and answer.
  const judging = judged
    ? of(parts.judge.model, { inputTokens: 3 * size.inputTokens + size.outputTokens, outputTokens: 1024 })
    : 0n;
  return { answerNanos: of(asks, size), judgingNanos: 2n * judging };
}

interface ItemWork {
  readonly item: EvalItem;
  readonly spec: EvalSpec;
  readonly parts: EvalParts;
  readonly done: ReadonlySet<string>;
}

/** What a crash leaves unsettled is known to whoever takes the run up. */
async function runReserved(reservedNanos: bigint, work: ItemWork): Promise<bigint> {
  await work.parts.reserve(reservedNanos);
  const spentNanos = await runItem(work);
  await work.parts.giveBack(reservedNanos);
  return spentNanos;
}

async function runItem({ item, spec, parts, done }: ItemWork): Promise<bigint> {
  const asked = spec.candidates.flatMap((candidate) =>
    Array.from({ length: spec.samples }, (_, sample) => ({ candidate, sample })),
  );
  const open = asked.filter(({ candidate, sample }) => !done.has(answerName(item.id, candidate, sample)));
  const costs = await Promise.all(open.map((one) => runAnswer(item, one, { spec, parts })));
  return costs.reduce((sum, cost) => sum + cost, 0n);
}

async function runAnswer(
  item: EvalItem,
  asked: { readonly candidate: string; readonly sample: number },
  { spec, parts }: { readonly spec: EvalSpec; readonly parts: EvalParts },
): Promise<bigint> {
  const { answer, costNanos: askedNanos } = await parts.ask(
    callOf(item, spec, asked),
    armOf(spec, asked.candidate).prompt,
  );
  const ceilings = ceilingsOf(item, asked.candidate, { spec, parts });
  const answeredNanos = askedNanos ?? ceilings.answerNanos;
  if (Fault.is(answer)) {
    const nothing = { requestId: '', model: '', host: '', answer: '', outputTokens: 0, totalMs: 0 };
    const said = { score: null, verdict: 'error', reasons: [answer.message] } as const;
    const result = { itemId: item.id, ...asked, ...nothing, costNanos: askedNanos, ...said };
    await parts.keep(result, undefined, answeredNanos);
    return answeredNanos;
  }
  const graders = gradersFor(item.expected, parts.graders);
  if ('problem' in graders) throw new Error(graders.problem);
  const grades = await Promise.all(graders.map(async (grader) => grader.grade(answer, item.expected)));
  const judged =
    parts.judge && item.expected['judge'] !== undefined
      ? await parts.judge.grader.grade(answer, item.expected)
      : undefined;
  const { requestId, model, host, outputTokens, totalMs, costNanos } = answer;
  const result = { ...asked, requestId, model, host, outputTokens, totalMs, costNanos, ...together(grades) };
  const gradedNanos = grades.reduce((sum, one) => sum + (one.costNanos ?? 0n), 0n);
  // What nobody knows the cost of counts as all that was set aside for it.
  const judgedNanos = judged?.costNanos === null ? ceilings.judgingNanos : (judged?.costNanos ?? 0n);
  const spentNanos = answeredNanos + gradedNanos + judgedNanos;
  await parts.keep({ itemId: item.id, answer: textOf(answer).slice(0, maxAnswer), ...result }, judged, spentNanos);
  return spentNanos;
}

function textOf({ text, calls }: EvalAnswer): string {
  return calls.length === 0 ? text : [text, ...calls.map((one) => `${one.name}(${one.arguments})`)].join('\n').trim();
}

/** All that was asked for must be right: the lowest score counts; one that cannot say makes it unknown unless one failed. */
function together(grades: readonly Grade[]): Pick<EvalResult, 'score' | 'verdict' | 'reasons'> {
  const reasons = grades.flatMap((grade) => grade.reasons).slice(0, 10);
  const scores = grades.flatMap(({ score }) => (score === null ? [] : [score]));
  const lowest = scores.length === 0 ? null : Math.min(...scores);
  if (grades.some(({ verdict }) => verdict === 'fail')) return { score: lowest, verdict: 'fail', reasons };
  if (grades.some(({ verdict }) => verdict === 'unknown')) return { score: null, verdict: 'unknown', reasons };
  return { score: lowest, verdict: 'pass', reasons };
}
