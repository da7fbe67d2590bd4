import { type ClientSink, type DispatchPlan, type DispatchResult, runExchange } from '../dispatch/index.ts';
import type { AttemptFact, FinalFact, ToolRunFact } from '../domain/facts.ts';
import type { Charge } from '../domain/charge.ts';
import { Fault } from '../domain/fault.ts';
import { totalInput, totalOutput } from '../domain/usage.ts';
import type { RequestHead } from '../protocols/index.ts';
import { ExplorationBudget, FeatureReader } from '../routing/index.ts';
import { AnswerSignals, type SeenAnswer } from './answer-signals.ts';
import { answerHeaders, earlyHeaders, faultHeaders } from './answer-headers.ts';
import { AnswerSchemas } from './answer-schemas.ts';
import { audibly } from './audibly.ts';
import { watchAnswer } from './cascade/cascade-gate.ts';
import { Cascades, demandedSchema } from './cascade/cascades.ts';
import { createSchemaVerifier } from './cascade/schema-verifier.ts';
import { VerifierBook } from './cascade/verifier-book.ts';
import { type Choice, choose } from './choose.ts';
import { type Admitted, ExchangePlanner, totalOf } from './exchange-planner.ts';
import { faultOfDefect } from './fault-of-defect.ts';
import { JobFinder } from './find-job.ts';
import { instructed } from './job-prompt.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { admitSpending, type AdmittedSpending, type AskedSpending, kindOf } from './money/admit-spending.ts';
import { type ChargedExchange, chargeExchange } from './money/charge-exchange.ts';
import { MarginWatch } from './money/margin-watch.ts';
import { OutputLengths } from './money/output-lengths.ts';
import { spenderOf } from './money/spender-of.ts';
import { parseBody } from './parse-body.ts';
import { patienceUntil } from './patience.ts';
import { promptText } from './prompt-text.ts';
import { isRescued } from './route-by-side.ts';
import { readMultipartFields } from './read-multipart.ts';
import { type Recall, recall, replay } from './recall.ts';
import type { Received } from './received.ts';
import type { ReadRequest, Resumed } from './responses-state.ts';
import { type AdmittedExchange, decisionFact, finalFact, openFact } from './settle.ts';
import { estimatedCount } from './token-count.ts';
import { type AskedTools, askedTools } from './tools/asked-tools.ts';
import { runWithTools, type ToolExchange } from './tools/run-with-tools.ts';

/** Answers that verifiers look at after they left, at once; beyond it measuring leaves some out. */
const mostWatched = 32;

/** Runs one request from body to settled fact. Every refusal and every failure ends in the caller's own dialect. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #schemas: AnswerSchemas;
  readonly #planner: ExchangePlanner;
  readonly #signals: AnswerSignals;
  readonly #lengths = new OutputLengths();
  readonly #margins = new MarginWatch();
  readonly #jobs = new JobFinder();
  readonly #reader = new FeatureReader();
  readonly #budget = new ExplorationBudget();
  readonly #cascades: Cascades;
  #watched = 0;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#schemas = new AnswerSchemas(deps.dispatch.wheel);
    this.#planner = new ExchangePlanner(deps, this.#schemas);
    const { verifiers = [], verifierBook: book = new VerifierBook(), learning, clock } = deps;
    const known = [createSchemaVerifier(this.#schemas), ...verifiers].map((one) => [one.kind, one] as const);
    this.#cascades = new Cascades({ verifiers: new Map(known), book, learning, clock });
    this.#signals = new AnswerSignals(deps.outcomeDesk, this.#schemas);
  }

  /** Resolves when no exchange is in flight any more, detached ones included, and what served them is ended. */
  async close(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#schemas.close();
  }

  handle(received: Received, sink: ClientSink): Promise<void> {
    const running = this.#handle(received, sink).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #handle(received: Received, sink: ClientSink): Promise<void> {
    try {
      const request = this.#read(received);
      if (Fault.is(request)) return this.#refuse(received, sink, request);
      const isContinuing = request.head.previousResponseId !== undefined;
      const resumed = isContinuing
        ? await this.#deps.responses.resume(received, request, (head) => this.#choose(received, request, head))
        : this.#choose(received, request, request.head);
      if (Fault.is(resumed)) return this.#refuse(received, sink, resumed);
      const bound = this.#deps.files.bind(received, 'request' in resumed ? resumed : { request, choice: resumed });
      const told = instructed(received, bound);
      if (Fault.is(told)) return this.#refuse(received, sink, told);
      const admitting = this.#admit(received, told);
      const admitted = admitting instanceof Promise ? await admitting : admitting;
      if (Fault.is(admitted)) return this.#refuse(received, sink, admitted);
      try {
        await this.#run(admitted, sink);
      } finally {
        // After a settlement this does nothing; after a defect it gives back what would be held for ever.
        admitted.exchange.spending.hold.release();
      }
    } catch (error) {
      this.#deps.logger.error({ err: error, requestId: received.requestId }, 'defect while handling a request');
      if (sink.started) sink.destroy();
      else this.#refuse(received, sink, faultOfDefect(error));
    }
  }

  /** Turned away before it became an exchange: counted, not recorded. */
  #refuse(received: Received, sink: ClientSink, fault: Fault): void {
    this.#deps.board.refuse(fault.code);
    refuse(received, sink, fault);
  }

  #read(received: Received): ReadRequest | Fault {
    const { bytes } = received;
    const body = received.contentType.startsWith('multipart/')
      ? readMultipartFields(bytes, received.contentType)
      : parseBody(bytes, this.#deps.settings().config.server.maxJsonDepth);
    if (Fault.is(body)) return body;
    const head = received.inbound.readHead(body, received.route);
    return Fault.is(head) ? head : { body, bytes, head, asked: body };
  }

  #choose(received: Received, { asked }: ReadRequest, head: RequestHead): Choice | Fault {
    const { clock, settings, dispatch, learning, sticky, accounts, money, rollouts, leftAnswers } = this.#deps;
    return choose(received, head, {
      catalog: settings().catalog,
      jobs: this.#jobs,
      reader: this.#reader,
      signals: dispatch.signals,
      learning,
      budget: this.#budget,
      sticky,
      rollouts,
      leftAnswers,
      accounts,
      clock,
      priceOf: (endpoint, atMs, key) => money.priceOf(endpoint, atMs, key),
      isHardLimited: (job) => money.gate.isHardLimited(spenderOf(received, head, job)),
      cascades: this.#cascades,
      schema: () => demandedSchema(received.inbound.parseCall(asked, head)),
      promptText: () => promptText(asked),
    });
  }

  #admit(received: Received, { request, choice }: Resumed): Admitted | Fault | Promise<Admitted | Fault> {
    const { journal, clock } = this.#deps;
    // A copy must not do again what tools did.
    const tools = askedTools(received, request, received.copy ? undefined : this.#deps.tools);
    if (Fault.is(tools)) return tools;
    const state = journal.state();
    if (!state.accepting) return new Fault('journal_full', { detail: state.reason });
    const inputEstimateTokens = estimateInput(received, request);
    const asked = { received, request, choice, inputEstimateTokens, atMs: clock.nowMs() };
    const spending = admitSpending(asked, { money: this.#deps.money, lengths: this.#lengths });
    return spending instanceof Promise
      ? spending.then((admitted) => this.#admitted(asked, admitted, tools))
      : this.#admitted(asked, spending, tools);
  }

  #admitted(asked: AskedSpending, spending: AdmittedSpending | Fault, tools: AskedTools | undefined): Admitted | Fault {
    if (Fault.is(spending)) return spending;
    const { received, inputEstimateTokens, atMs } = asked;
    const { choice, request } = spending;
    // One request, one decision: each is found by the other's id.
    const decisionId = `dec_${received.requestId.slice(received.requestId.indexOf('_') + 1)}`;
    const { head } = request;
    const exchange = { received, head, choice, decisionId, startedAtMs: atMs, inputEstimateTokens, spending };
    return { exchange, request, tools };
  }

  async #run(admitted: Admitted, sink: ClientSink): Promise<void> {
    const { exchange } = admitted;
    const { journal, board, sticky, tracing, learning } = this.#deps;
    const { received, head, choice } = exchange;
    const open = openFact(exchange);
    const decision = decisionFact(exchange);
    journal.append(open, decision);
    this.#deps.outcomeDesk.noteOpened(open);
    board.begin({
      requestId: received.requestId,
      startedAtMs: exchange.startedAtMs,
      key: received.key.name,
      model: head.model,
      stream: head.stream,
    });
    const attempts: AttemptFact[] = [];
    const { result, recalled, runs } = await this.#answer(admitted, attempts, sink);
    // An answer from the cache warms nothing.
    if (result.status === 'completed' && result.attempts > 0 && choice.conversation !== undefined && result.endpoint) {
      const used = result.usage?.buckets;
      sticky.set(choice.conversation, result.endpoint.id, used ? totalInput(used) + totalOutput(used) : 0);
    }
    const final = this.#settle(admitted, { attempts, result, recalled, runs });
    board.end(final, attempts);
    learning.noteAnswer(final);
    if (choice.rollout)
      this.#deps.rollouts?.answered(choice.rollout, { final, isRescued: isRescued(choice.rollout, result) });
    // The client sees the end only when the fact is durable: what was answered is never unrecorded.
    const durable = journal.commit(...attempts, final);
    if (received.key.metered) await (sink.started ? this.#audibly(exchange, sink, durable) : durable);
    else durable.catch((error: unknown) => this.#deps.logger.error({ err: error }, 'facts could not be recorded'));
    send(exchange, result, { sink, cache: recalled.state });
    this.#deps.responses.keep(received, admitted.request, result);
    const { traceparent, session } = received.controls;
    tracing.record({ open, attempts, final, traceparent, conversation: session });
    // The answer has left: nobody waits for what is learned from it.
    const form = formOf(admitted, this.#planner);
    received.settled?.({ final, result, verdicts: () => this.#signals.verdictsOn({ final, result, ...form }) });
    if (final.job === undefined) return;
    if (choice.cascade) this.#watch(exchange, { final, result });
    const verdicts = await this.#signals.look({ received, open, decision, final, result, ...form });
    if (choice.collects !== true || received.copy) return;
    const { maxOutputTokens } = head;
    const alternatives = head.operation === 'generate' ? head.features().candidates : 1;
    const { prompt } = choice;
    const left = { received, job: final.job, final, result, verdicts, maxOutputTokens, alternatives, prompt };
    this.#deps.leftAnswers?.left({ ...left, parse: form.parse });
  }

  /** A verifier takes its time: the request's place is given back meanwhile, only `close` waits. */
  #watch(exchange: AdmittedExchange, ended: { readonly final: FinalFact; readonly result: DispatchResult }): void {
    if (this.#watched >= mostWatched) return;
    this.#watched += 1;
    const { outcomeDesk: desk, clock, logger } = this.#deps;
    const watching: Promise<void> = watchAnswer(exchange, ended, { desk, clock, logger })
      .catch((error: unknown) => logger.error({ err: error }, 'an answer could not be looked at'))
      .finally(() => {
        this.#watched -= 1;
        this.#running.delete(watching);
      });
    this.#running.add(watching);
  }

  /** Turns the hold into the charge, and both into the final fact. */
  #settle(
    { exchange, request }: Admitted,
    { attempts, result, recalled, runs }: Answered & { readonly attempts: readonly AttemptFact[] },
  ): FinalFact {
    const { head, choice, spending } = exchange;
    const { plan, hold } = spending;
    const nowMs = this.#deps.clock.nowMs();
    const saved = recalled.state === 'hit' ? savedBy(recalled) : undefined;
    const due = chargeExchange({ plan, model: head.model, job: choice.job, attempts, result, saved });
    const charge = exchange.received.copy ? absorbed(due) : due;
    const { customer } = spending.spender;
    if (charge.belowMarginFloor && this.#margins.isNews(customer, nowMs)) {
      const { planVersionId } = charge;
      this.#deps.logger.warn({ customer, model: head.model, planVersionId }, 'a margin is under the floor of its plan');
    }
    const chargeNanos = charge.chargeNanos ?? 0n;
    const overHold = hold.isHard && chargeNanos > hold.amountNanos;
    const used = result.usage?.buckets;
    hold.settle(chargeNanos, nowMs, used ? totalInput(used) + totalOutput(used) : 0);
    // Copies have limits of their own, and other models' answers other lengths.
    if (used && result.status === 'completed' && !exchange.received.copy)
      this.#lengths.add(kindOf({ request, choice }), totalOutput(used));
    const savedNanos = saved?.costNanos ?? undefined;
    const drafts = attempts.filter(({ fault }) => fault === 'answer_rejected').length;
    const settled = { nowMs, cache: recalled.state, savedNanos, charge, overHold, drafts, toolRuns: runs };
    return finalFact(exchange, result, settled);
  }

  /** Asks the cache, then the endpoints. Even a defect leaves a result, and so a final fact. */
  async #answer(admitted: Admitted, attempts: AttemptFact[], sink: ClientSink): Promise<Answered> {
    const { exchange } = admitted;
    const asking = this.#planner.asking(admitted);
    const call = this.#planner.call(admitted, asking.parse);
    const deadlineMs = this.#deps.clock.monotonicMs() + totalOf(exchange);
    const patience = patienceUntil(deadlineMs, sink, this.#deps.dispatch);
    let recalled: Recall = { state: 'bypass' };
    try {
      const recalling = recall(exchange, this.#deps.cache, { parse: call.parse, patience });
      recalled = recalling instanceof Promise ? await this.#audibly(exchange, sink, recalling) : recalling;
      const how = { call, attempts, cache: recalled.state, verify: asking.verify, deadlineMs };
      const plan = this.#planner.plan(admitted, how);
      if (recalled.state === 'hit')
        return { result: replay(exchange, recalled, { context: plan.context, sink }), recalled };
      const { result, runs } = await this.#dispatch(admitted, { plan, attempts, deadlineMs }, sink);
      if (result.fault?.code === 'internal') this.#logDefect(exchange, result.fault.cause);
      if (recalled.state === 'miss') recalled.keep(result);
      return { result, recalled, runs };
    } catch (error) {
      this.#logDefect(exchange, error);
      if (recalled.state === 'miss') recalled.keep(undefined);
      return { result: defectResult(error), recalled };
    }
  }

  /** Asks the endpoints; a model that may call tools of this side, as often as it does. */
  async #dispatch(
    { exchange, tools }: Admitted,
    how: { readonly plan: DispatchPlan; readonly attempts: AttemptFact[]; readonly deadlineMs: number },
    sink: ClientSink,
  ): Promise<Omit<Answered, 'recalled'>> {
    const counted = this.#countHere(how.plan, exchange);
    if (counted) return { result: counted };
    if (!tools) return { result: await runExchange(how.plan, sink, this.#deps.dispatch) };
    const heard: ToolExchange['audibly'] = (work) => this.#audibly(exchange, sink, work);
    const { result, runs } = await runWithTools({ ...how, exchange, asked: tools, audibly: heard }, sink, this.#deps);
    return runs.length === 0 ? { result } : { result, runs };
  }

  /** A slow disk, or the answer that an identical request waits for, must not look like a dead connection. */
  #audibly<Value>(
    { received, head, choice }: AdmittedExchange,
    sink: ClientSink,
    work: Promise<Value>,
  ): Promise<Value> {
    if (!head.stream) return work;
    const { settings, dispatch } = this.#deps;
    return audibly(work, {
      sink,
      wheel: dispatch.wheel,
      keepaliveMs: settings().config.server.keepaliveMs,
      dialect: received.inbound.dialect,
      framing: received.framing,
      earlyHeaders: () => earlyHeaders(received.requestId, choice.decision.model),
    });
  }

  #logDefect({ received }: AdmittedExchange, error: unknown): void {
    this.#deps.logger.error({ err: error, requestId: received.requestId }, 'defect while answering');
  }

  /** Counting tokens is no reason to refuse: where no host does it, the estimate that limits go by is told. */
  #countHere({ call, candidates }: DispatchPlan, exchange: AdmittedExchange): DispatchResult | undefined {
    return call.operation === 'count-tokens' && candidates.length === 0 ? estimatedCount(exchange) : undefined;
  }
}

/** What came of asking: the cache, the endpoints and the tools of this side. */
interface Answered {
  readonly result: DispatchResult;
  readonly recalled: Recall;
  readonly runs?: readonly ToolRunFact[];
}

/** Nobody asked for a copy: what it cost is ours. */
function absorbed(charge: Charge): Charge {
  const absorbedNanos = charge.costNanos ?? 0n;
  return { ...charge, chargeNanos: 0n, lines: [], absorbedNanos, wasteNanos: 0n, belowMarginFloor: false };
}

/** What was demanded of the form of an answer, read anew only when somebody asks. */
function formOf(admitted: Admitted, planner: ExchangePlanner): Pick<SeenAnswer, 'parse' | 'asksForm'> {
  const { head } = admitted.exchange;
  const features = head.operation === 'generate' ? head.features() : undefined;
  return {
    asksForm: features?.jsonSchema === true || features?.tools === true,
    parse: () => planner.asking(admitted).parse(),
  };
}

/** An answer that its customer's own account had given saved nothing that is ours to charge for. */
function savedBy({ costNanos, completion, endpoint }: Extract<Recall, { state: 'hit' }>): ChargedExchange['saved'] {
  return { costNanos, usage: endpoint.ownAccount ? undefined : completion.usage?.buckets };
}

/** What is told and recorded when our own code failed. */
function defectResult(error: unknown): DispatchResult {
  const fault = new Fault('internal', { cause: error });
  const nothing = { attempts: 0, costNanos: null, dropped: [], added: [], continued: false };
  return { status: 'failed', fault, inBand: false, ...nothing };
}

function send(
  exchange: AdmittedExchange,
  result: DispatchResult,
  { sink, cache }: { sink: ClientSink; cache: Recall['state'] },
): void {
  const { received, choice, decisionId } = exchange;
  if (sink.gone) return;
  if (result.closing !== undefined) return sink.end(result.closing);
  if (result.fault) return sink.started ? sink.destroy() : refuse(received, sink, result.fault);
  const { answer, endpoint } = result;
  if (!answer || !endpoint) return sink.destroy();
  const { attempts, dropped, costNanos } = result;
  const { contentType, estimated } = answer;
  const told = { endpoint, attempts, dropped, cache, costNanos, contentType, estimated };
  sink.start(answer.status, answerHeaders(received, { choice, decisionId }, told));
  sink.end(answer.body);
}

/** Answers a fault by HTTP status, in the caller's dialect. */
export function refuse(received: Pick<Received, 'requestId' | 'inbound'>, sink: ClientSink, fault: Fault): void {
  if (sink.gone || sink.started) return;
  sink.start(fault.kind.httpStatus, faultHeaders(received.requestId, fault));
  sink.end(JSON.stringify(received.inbound.encodeFault(fault, received.requestId)));
}

/** Only needed for limits and for answers that break off: computed when a limit is set, else from the size. */
function estimateInput(received: Received, { head, bytes }: ReadRequest): number {
  if (received.key.limits.tokensPerMinute !== undefined) return head.estimateInputTokens();
  return Math.ceil(bytes.length / 4);
}
