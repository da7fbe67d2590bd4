import {
  addUsage,
  type ClientSink,
  type DispatchPlan,
  type DispatchResult,
  runExchange,
} from '../../dispatch/index.ts';
import type { AttemptFact, ToolRunFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Message, ModelCall } from '../../domain/calls/model-call.ts';
import { estimateTextTokens, stringifyExact } from '../../protocols/index.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import { holdRound } from '../money/hold-round.ts';
import type { AdmittedExchange } from '../settle.ts';
import { type AskedTools, withFunctions } from './asked-tools.ts';
import type { ServerToolAnswer, ToolSession } from './tool-executor.ts';
import { type CalledTool, ToolTurns, type ToolTurn } from './tool-turns.ts';

/** An exchange whose model may call tools of this side. */
export interface ToolExchange {
  readonly exchange: AdmittedExchange;
  /** As for an exchange without them. */
  readonly plan: DispatchPlan;
  readonly asked: AskedTools;
  readonly deadlineMs: number;
  /** Filled by the plan as attempts end. */
  readonly attempts: AttemptFact[];
  /** Keeps a streaming client from taking the silence of a running tool for a dead connection. */
  audibly<Value>(work: Promise<Value>): Promise<Value>;
}

/** What the exchange came to, with what its tools did. */
export interface ToolResult {
  readonly result: DispatchResult;
  readonly runs: readonly ToolRunFact[];
}

/** Of the time that is left, what the model keeps to say something about a tool's result. */
const reservedMs = 1000;
const maxCallsAtOnce = 8;

/**
 * Asks the model, runs the tools that it calls, tells it what they did, and so on until it answers, calls a tool of the
 * client's, or may not go on: by rounds, by time or by its budget. Each call of a model is an attempt of the one
 * exchange, under its one hold.
 */
export async function runWithTools(
  run: ToolExchange,
  sink: ClientSink,
  deps: Pick<GatewayDeps, 'dispatch' | 'money' | 'clock'>,
): Promise<ToolResult> {
  const { received } = run.exchange;
  const { key, requestId } = received;
  const { customer, project, endUser } = key;
  const session = run.asked.executor.open({ requestId, customer, key: key.name, project, endUser });
  const rounds = new ToolRounds(run, sink, { ...deps, session });
  try {
    return await rounds.run();
  } finally {
    await session.close();
  }
}

interface RoundDeps extends Pick<GatewayDeps, 'dispatch' | 'money' | 'clock'> {
  readonly session: ToolSession;
}

class ToolRounds {
  readonly #run: ToolExchange;
  readonly #sink: ClientSink;
  readonly #deps: RoundDeps;
  readonly #turns: ToolTurns;
  /** What the model was told since the client's own messages. */
  readonly #said: Message[] = [];
  readonly #runs: ToolRunFact[] = [];
  #sum: DispatchResult | undefined;
  #maxOutputTokens: number | undefined;
  #round = 1;
  /** Messages of the client's, which come before what was said since. */
  #clientMessages: number | undefined;

  constructor(run: ToolExchange, sink: ClientSink, deps: RoundDeps) {
    this.#run = run;
    this.#sink = sink;
    this.#deps = deps;
    const names = new Set(run.asked.tools.map(({ type }) => type));
    this.#turns = new ToolTurns((name) => names.has(name));
  }

  async run(): Promise<ToolResult> {
    const { maxRounds } = this.#run.asked;
    for (;;) {
      const result = this.#added(await runExchange(this.#plan(), this.#sink, this.#deps.dispatch));
      if (result.status !== 'completed') return this.#over(result);
      const turn = this.#turns.turn(this.#run.plan.call.stream ? undefined : result.completion);
      // What is too long to be kept is no call of a tool; its end is told as its upstream told it.
      if (!turn) return this.#over(result);
      const mayGoOn = turn.calls.length > 0 && this.#round < maxRounds && this.#leftMs() > reservedMs;
      if (!mayGoOn) return this.#closed(result, turn);
      await this.#answerCalls(turn);
      if (this.#sink.gone) return this.#over({ ...result, status: 'aborted', fault: new Fault('client_gone') });
      const covered = await this.#cover();
      if (!covered) return this.#closed(result, turn, 'length');
      this.#maxOutputTokens = covered.maxOutputTokens;
      this.#turns.next(turn);
      this.#round++;
    }
  }

  #plan(): DispatchPlan {
    const { plan, exchange } = this.#run;
    const isFirst = this.#round === 1;
    const begun = this.#sum?.attempts ?? 0;
    const { endpoint } = this.#sum ?? {};
    return {
      ...plan,
      call: { ...plan.call, translate: true, parse: () => this.#call() },
      inbound: this.#turns.wrap(plan.inbound),
      // Reasoning is signed and prompts are cached where the conversation began.
      candidates: endpoint ? [endpoint, ...plan.candidates.filter(({ id }) => id !== endpoint.id)] : plan.candidates,
      totalMs: isFirst ? plan.totalMs : this.#leftMs(),
      allowance: isFirst ? plan.allowance : undefined,
      estimateInputTokens: () => exchange.head.estimateInputTokens() + this.#saidTokens(),
      attempted: (fact) => plan.attempted({ ...fact, attempt: begun + fact.attempt }),
      answerHeaders: (answer) => plan.answerHeaders({ ...answer, attempts: begun + answer.attempts }),
    };
  }

  #call(): ModelCall | Fault {
    const { plan, asked } = this.#run;
    const parsed = plan.call.parse();
    if (Fault.is(parsed)) return parsed;
    const call = withFunctions(parsed, asked.tools);
    // A repair of the answer's form is said last, after what the tools said.
    const own = (this.#clientMessages ??= call.messages.length);
    const messages = [...call.messages.slice(0, own), ...this.#said, ...call.messages.slice(own)];
    // Never more than is held for, whatever the client asked for.
    const maxOutputTokens = Math.min(call.maxOutputTokens ?? Infinity, this.#maxOutputTokens ?? Infinity);
    const limited = { ...call, messages, ...(maxOutputTokens !== Infinity && { maxOutputTokens }) };
    return this.#round === 1 ? limited : { ...limited, ...this.#choiceOf(call) };
  }

  /** A call that was forced was made; in the last round the model has to answer. */
  #choiceOf({ toolChoice }: ModelCall): Pick<ModelCall, 'toolChoice'> {
    if (this.#round >= this.#run.asked.maxRounds) return { toolChoice: { type: 'none' } };
    const isForced = toolChoice?.type === 'required' || toolChoice?.type === 'tool';
    return isForced ? { toolChoice: { type: 'auto' } } : {};
  }

  async #answerCalls({ completion, calls }: ToolTurn): Promise<void> {
    const content = completion.blocks.flatMap((block) =>
      block.type === 'text' || block.type === 'reasoning' || block.type === 'tool-call' ? [block] : [],
    );
    this.#said.push({ role: 'assistant', content });
    const gone = new AbortController();
    this.#sink.onGone(() => gone.abort());
    for (const [at, call] of calls.entries()) {
      const answer = await this.#answer(call, at, gone.signal);
      if (answer.ran) this.#runs.push(answer.ran);
      const { id: toolCallId, name } = call;
      const text = { type: 'text', text: answer.text } as const;
      const told = { type: 'tool-result', toolCallId, name, content: [text], isError: answer.isError } as const;
      this.#said.push({ role: 'tool', content: [told] });
    }
  }

  #answer(call: CalledTool, at: number, signal: AbortSignal): Promise<ServerToolAnswer> {
    const timeoutMs = this.#leftMs() - reservedMs;
    const refused = (text: string): Promise<ServerToolAnswer> => Promise.resolve({ text, isError: true });
    if (at >= maxCallsAtOnce) return refused(`Not run: at most ${maxCallsAtOnce} calls are run at once.`);
    if (timeoutMs <= 0 || signal.aborted) return refused('Not run: no time is left.');
    const asked = { type: call.name, arguments: call.arguments, timeoutMs, signal };
    return this.#run.audibly(this.#deps.session.call(asked));
  }

  #cover(): ReturnType<typeof holdRound> {
    const { exchange, attempts } = this.#run;
    const inputTokens = exchange.head.estimateInputTokens() + this.#saidTokens();
    const { maxOutputTokens: outputTokens } = exchange.head;
    return holdRound(exchange, { attempts, inputTokens, outputTokens }, this.#deps.money);
  }

  #saidTokens(): number {
    return this.#said.length === 0 ? 0 : estimateTextTokens(JSON.stringify(this.#said));
  }

  #leftMs(): number {
    return this.#run.deadlineMs - this.#deps.clock.monotonicMs();
  }

  /** All rounds so far, told as one result. */
  #added(result: DispatchResult): DispatchResult {
    const before = this.#sum;
    const costNanos =
      before?.costNanos === null || result.costNanos === null ? null : (before?.costNanos ?? 0n) + result.costNanos;
    const usage = before && result.usage ? addUsage(before.usage, result.usage) : (result.usage ?? before?.usage);
    const firstTokenMs = before?.firstTokenMs ?? result.firstTokenMs;
    const endpoint = result.endpoint ?? before?.endpoint;
    this.#sum = {
      ...result,
      attempts: (before?.attempts ?? 0) + result.attempts,
      costNanos,
      dropped: [...new Set([...(before?.dropped ?? []), ...result.dropped])],
      added: [...new Set([...(before?.added ?? []), ...result.added])],
      passedThrough: false,
      ...(usage && { usage }),
      ...(endpoint && { endpoint }),
      ...(firstTokenMs !== undefined && { firstTokenMs }),
    };
    return this.#sum;
  }

  #closed(result: DispatchResult, turn: ToolTurn, reason?: 'length'): ToolResult {
    const { plan } = this.#run;
    const completion = this.#turns.whole(turn.completion, reason);
    const told = { ...result, completion, finishReason: completion.finish.reason };
    if (plan.call.stream) return this.#over({ ...told, closing: this.#turns.close(turn.completion, reason) });
    const { answer } = result;
    const body = stringifyExact(plan.inbound.encodeCompletion(completion, plan.context));
    return this.#over({ ...told, ...(answer && { answer: { ...answer, body } }) });
  }

  #over(result: DispatchResult): ToolResult {
    return { result, runs: this.#runs };
  }
}
