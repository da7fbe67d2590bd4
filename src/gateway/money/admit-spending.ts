import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Plan } from '../../domain/charges/plan.ts';
import type { Hold, Spender } from '../../tenants/index.ts';
import type { Choice } from '../choice/choose.ts';
import type { Received } from '../received.ts';
import type { ReadRequest } from '../responses/responses-state.ts';
import { imposeOutputLimit } from './impose-output-limit.ts';
import type { MoneyPorts } from './money-ports.ts';
import { allowanceStepTokens, type HeldOutput, OutputAllowance } from './output-allowance.ts';
import type { OutputLengths } from './output-lengths.ts';
import { type QuotedCall, quoteAt, quoteDearest } from './quote-hold.ts';
import { spenderOf } from './spender-of.ts';

/** An exchange whose money is reserved. */
export interface AdmittedSpending {
  readonly hold: Hold;
  readonly spender: Spender;
  readonly plan: Plan;
  /** Without the endpoints that a hard limit forbids. */
  readonly choice: Choice;
  readonly request: ReadRequest;
  /** What was added to the request to keep it within its limit, by pointer. */
  readonly added: readonly string[];
  /** Only for streams of open length under a hard limit. */
  readonly allowance: OutputAllowance | undefined;
}

/** A request that asks to be admitted. */
export interface AskedSpending {
  readonly received: Received;
  readonly request: ReadRequest;
  readonly choice: Choice;
  readonly inputEstimateTokens: number;
  readonly atMs: number;
}

interface SpendingDeps {
  readonly money: MoneyPorts;
  readonly lengths: OutputLengths;
}

/** Held for an answer of unknown length before there is experience with its kind. */
const firstOutputTokens = 1024;
/** What a whole answer may grow to where the model's own limit is unknown. */
const fallbackMaxOutputTokens = 8192;
/** An answer with less room than this is no answer. */
const leastOutputTokens = 256;

/** Reserves what a request may cost, before any upstream is asked. Immediate unless a share of a budget must be fetched. */
export function admitSpending(
  asked: AskedSpending,
  deps: SpendingDeps,
): AdmittedSpending | Fault | Promise<AdmittedSpending | Fault> {
  const { received, choice, atMs } = asked;
  const { gate, planOf } = deps.money;
  const { request, added } = limitedCopy(asked);
  const spender = spenderOf(received, request.head, choice.job);
  const plan = planOf(spender.customer, atMs);
  const isHard = gate.isHardLimited(spender);
  const sized = isHard
    ? sizeUp({ ...asked, request }, { spender, plan }, deps)
    : { amountNanos: 0n, choice, request, added: [] };
  if (Fault.is(sized)) return sized;
  const admittance = gate.admit({
    exchangeId: received.requestId,
    spender,
    amountNanos: sized.amountNanos,
    tokensEstimate: gate.isTokenLimited(spender)
      ? expectedTokens({ ...asked, request: sized.request }, deps.lengths)
      : 0,
    atMs,
  });
  const admitted = (hold: Hold): AdmittedSpending => ({
    hold,
    spender,
    plan,
    choice: sized.choice,
    request: sized.request,
    added: [...added, ...sized.added],
    allowance: 'open' in sized && sized.open ? new OutputAllowance(hold, sized.open) : undefined,
  });
  if (Fault.is(admittance)) return admittance;
  if (!(admittance instanceof Promise)) return admitted(admittance);
  return admittance.then((hold) => (Fault.is(hold) ? hold : admitted(hold)));
}

/** What a limit of tokens must expect, all alternatives together; where the request sets no limit, the usual. */
function expectedTokens(asked: AskedSpending, lengths: OutputLengths): number {
  const { head } = asked.request;
  const inputTokens = asked.inputEstimateTokens;
  if (head.operation !== 'generate') return inputTokens + (head.maxOutputTokens ?? 0);
  const perAnswer = head.maxOutputTokens ?? lengths.p99(kindOf(asked)) ?? firstOutputTokens;
  return inputTokens + perAnswer * Math.max(1, head.features().candidates);
}

/** A copy of a request without a limit has one. */
function limitedCopy({ received, request, choice }: AskedSpending): Pick<Sized, 'request' | 'added'> {
  const limit = received.copy?.maxOutputTokens;
  const { head } = request;
  if (limit === undefined || head.operation !== 'generate' || head.maxOutputTokens !== undefined)
    return { request, added: [] };
  const longest = choice.decision.ranked.map(({ limits }) => limits.maxOutputTokens ?? limit);
  return imposeOutputLimit(received, request, Math.min(limit, ...longest));
}

/** The upper estimate of one request, and what it takes to keep the request under it. */
interface Sized {
  readonly amountNanos: bigint;
  readonly choice: Choice;
  readonly request: ReadRequest;
  readonly added: readonly string[];
  /** The stream has no limit of its own: what is held for first, and what more of it costs. */
  readonly open?: HeldOutput;
}

function sizeUp(
  asked: AskedSpending,
  { spender, plan }: { spender: Spender; plan: Plan },
  { money, lengths }: SpendingDeps,
): Sized | Fault {
  const { received, request, atMs } = asked;
  const { head } = request;
  const call: QuotedCall = {
    plan,
    model: head.model,
    job: asked.choice.job,
    atMs,
    inputTokens: head.operation === 'generate' ? head.estimateInputTokens() : asked.inputEstimateTokens,
    writesCache: request.bytes.includes('cache_control'),
    priceOf: (endpoint, at) => money.priceOf(endpoint, at, received.key.name),
  };
  const choice = withoutUnpriced(asked.choice, call, head.operation === 'generate' ? 1 : 0);
  if (Fault.is(choice)) return choice;
  const { ranked } = choice.decision;
  const stages = choice.cascade?.fact?.stages.length ?? 0;
  const tries = plan.attempts === 'all' ? BigInt(Math.max(choice.policy.maxAttempts, stages)) : 1n;
  const quote = (outputTokens: number): bigint => quoteDearest(call, ranked, outputTokens) * tries;
  if (head.operation !== 'generate') return { amountNanos: quote(0), choice, request, added: [] };
  const alternatives = Math.max(1, head.features().candidates);
  const longest = Math.max(...ranked.map(({ limits }) => limits.maxOutputTokens ?? fallbackMaxOutputTokens));
  const limit = head.maxOutputTokens;
  if (limit !== undefined) {
    return { amountNanos: quote(Math.min(limit, longest) * alternatives), choice, request, added: [] };
  }
  const headroomNanos = money.gate.headroomNanos(spender, atMs);
  if (head.stream) {
    const usual = Math.min(lengths.p99(kindOf(asked)) ?? firstOutputTokens, longest) * alternatives;
    // Near the limit a stream begins with what there is, as long as that can be an answer.
    const tokens = Math.max(affordable(quote, headroomNanos, usual), Math.min(leastOutputTokens, usual));
    const nanosPerStep = quote(tokens + allowanceStepTokens) - quote(tokens);
    return { amountNanos: quote(tokens), choice, request, added: [], open: { tokens, nanosPerStep, alternatives } };
  }
  const fits = affordable(quote, headroomNanos, longest * alternatives);
  if (fits === longest * alternatives) return { amountNanos: quote(fits), choice, request, added: [] };
  const perAnswer = Math.max(Math.floor(fits / alternatives), leastOutputTokens);
  const limited = imposeOutputLimit(received, request, perAnswer);
  return { amountNanos: quote(perAnswer * alternatives), choice, ...limited };
}

/** Kind of work whose answers are alike in length. */
export function kindOf({ request, choice }: Pick<AskedSpending, 'request' | 'choice'>): string {
  return choice.job === undefined ? request.head.model : `job/${choice.job}`;
}

/** The most output tokens that the headroom pays for. */
function affordable(quote: (outputTokens: number) => bigint, headroomNanos: bigint | undefined, most: number): number {
  if (headroomNanos === undefined || quote(most) <= headroomNanos) return most;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (quote(middle) <= headroomNanos) low = middle;
    else high = middle;
  }
  return low;
}

/** Under a hard limit nothing may run whose cost nobody knows; what has no output needs no price for any. */
function withoutUnpriced(choice: Choice, call: QuotedCall, outputTokens: number): Choice | Fault {
  const isPriced = (endpoint: Endpoint): boolean => quoteAt(call, endpoint, outputTokens) !== null;
  const { decision } = choice;
  if (decision.ranked.every(isPriced)) return choice;
  const ranked = decision.ranked.filter(isPriced);
  const [first] = ranked;
  if (!first) {
    const message = `The price of "${decision.model}" is unknown, and this key has a hard limit. Set a price for its endpoints, or ask for another model.`;
    return new Fault('no_candidate', { message, param: 'model' });
  }
  const unpriced = decision.ranked.filter((endpoint) => !isPriced(endpoint));
  const reason = 'its price is unknown, and the key has a hard limit';
  const excluded = [...decision.excluded, ...unpriced.map(({ id }) => ({ endpoint: id, reason }))];
  return { ...choice, decision: { ...decision, model: first.modelName, ranked, excluded } };
}
