import { type ClientSink, type DispatchPlan, type DispatchResult, runExchange } from '../dispatch/index.ts';
import type { AttemptFact } from '../domain/facts/facts.ts';
import { Fault } from '../domain/faults/fault.ts';
import { totalInput, totalOutput } from '../domain/rating/usage.ts';
import type { RequestHead } from '../protocols/index.ts';
import { ExplorationBudget, FeatureReader } from '../routing/index.ts';
import { AnswerLearning } from './evidence/answer-learning.ts';
import { AnswerSignals } from './evidence/answer-signals.ts';
import { earlyHeaders } from './answers/answer-headers.ts';
import { AnswerSchemas } from './schemas/answer-schemas.ts';
import { audibly } from './answers/audibly.ts';
import { Cascades, demandedSchema } from './cascade/cascades.ts';
import { createSchemaVerifier } from './cascade/schema-verifier.ts';
import { VerifierBook } from './cascade/verifier-book.ts';
import { type Choice, choose } from './choice/choose.ts';
import { type Admitted, ExchangePlanner, totalOf } from './exchange-planner.ts';
import { faultOfDefect } from './answers/fault-of-defect.ts';
import { JobFinder } from './choice/find-job.ts';
import { instructed } from './choice/job-prompt.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { admitSpending, type AdmittedSpending, type AskedSpending } from './money/admit-spending.ts';
import { OutputLengths } from './money/output-lengths.ts';
import { type Answered, Settlement } from './money/settlement.ts';
import { spenderOf } from './money/spender-of.ts';
import { parseBody } from './parse-body.ts';
import { patienceUntil } from './patience.ts';
import { promptText } from './choice/prompt-text.ts';
import { isRescued } from './choice/route-by-side.ts';
import { readMultipartFields } from './read-multipart.ts';
import { type Recall, recall, replay } from './cache/recall.ts';
import type { Received } from './received.ts';
import type { ReadRequest, Resumed } from './responses/responses-state.ts';
import { refuse, sendAnswer } from './answers/send-answer.ts';
import { type AdmittedExchange, decisionFact, openFact } from './settle.ts';
import { estimatedCount } from './token-count.ts';
import { type AskedTools, askedTools } from './tools/asked-tools.ts';
import { runWithTools, type ToolExchange } from './tools/run-with-tools.ts';

/** Runs one request from body to settled fact. Every refusal and every failure ends in the caller's own dialect. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #schemas: AnswerSchemas;
  readonly #planner: ExchangePlanner;
  readonly #learning: AnswerLearning;
  readonly #lengths = new OutputLengths();
  readonly #settlement: Settlement;
  readonly #jobs = new JobFinder();
  readonly #reader = new FeatureReader();
  readonly #budget = new ExplorationBudget();
  readonly #cascades: Cascades;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#schemas = new AnswerSchemas(deps.dispatch.wheel);
    this.#planner = new ExchangePlanner(deps, this.#schemas);
    const { verifiers = [], verifierBook: book = new VerifierBook(), learning, clock } = deps;
    const known = [createSchemaVerifier(this.#schemas), ...verifiers].map((one) => [one.kind, one] as const);
    this.#cascades = new Cascades({ verifiers: new Map(known), book, learning, clock });
    this.#settlement = new Settlement({ clock, logger: deps.logger, lengths: this.#lengths });
    this.#learning = new AnswerLearning(deps, {
      signals: new AnswerSignals(deps.outcomeDesk, this.#schemas),
      planner: this.#planner,
      outlive: (work) => this.#outlive(work),
    });
  }

  /** Who is asked in turn for jobs that have a cascade; for looking only. */
  get cascades(): Cascades {
    return this.#cascades;
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

  /** Only `close` waits for work that outlives its exchange. */
  #outlive(work: Promise<void>): void {
    const running: Promise<void> = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #handle(received: Received, sink: ClientSink): Promise<void> {
    try {
      const request = this.#read(received);
      if (Fault.is(request)) return this.#refuse(received, sink, request);
      const embedding = this.#deps.embedder?.prepare(received, request);
      if (embedding) await embedding;
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
    const { clock, settings, dispatch, learning, sticky, accounts, money, rollouts, leftAnswers, embedder } =
      this.#deps;
    return choose(received, head, {
      catalog: settings().catalog,
      jobs: this.#jobs,
      reader: this.#reader,
      embedder,
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
    const final = this.#settlement.settle(admitted, { attempts, result, recalled, runs });
    board.end(final, attempts);
    learning.noteAnswer(final);
    if (choice.rollout)
      this.#deps.rollouts?.answered(choice.rollout, { final, isRescued: isRescued(choice.rollout, result) });
    // The client sees the end only when the fact is durable: what was answered is never unrecorded.
    const durable = journal.commit(...attempts, final);
    if (received.key.metered) await (sink.started ? this.#audibly(exchange, sink, durable) : durable);
    else durable.catch((error: unknown) => this.#deps.logger.error({ err: error }, 'facts could not be recorded'));
    sendAnswer(exchange, result, { sink, cache: recalled.state });
    this.#deps.responses.keep(received, admitted.request, result);
    const { traceparent, session } = received.controls;
    tracing.record({ open, attempts, final, traceparent, conversation: session });
    // The answer has left: nobody waits for what is learned from it.
    await this.#learning.learn(admitted, { open, decision, final, result });
  }

  /** Asks the cache, then the endpoints. Even a defect leaves a result, and so a final fact. */
  async #answer(admitted: Admitted, attempts: AttemptFact[], sink: ClientSink): Promise<Omit<Answered, 'attempts'>> {
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
  ): Promise<Pick<Answered, 'result' | 'runs'>> {
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

/** What is told and recorded when our own code failed. */
function defectResult(error: unknown): DispatchResult {
  const fault = new Fault('internal', { cause: error });
  const nothing = { attempts: 0, costNanos: null, dropped: [], added: [], continued: false };
  return { status: 'failed', fault, inBand: false, ...nothing };
}

/** Only needed for limits and for answers that break off: computed when a limit is set, else from the size. */
function estimateInput(received: Received, { head, bytes }: ReadRequest): number {
  if (received.key.limits.tokensPerMinute !== undefined) return head.estimateInputTokens();
  return Math.ceil(bytes.length / 4);
}
