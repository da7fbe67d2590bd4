import { hash } from 'node:crypto';
import type { DispatchResult } from '../dispatch/index.ts';
import type { Completion } from '../domain/completion.ts';
import type { DecisionFact, FinalFact, OpenFact } from '../domain/facts.ts';
import { Fault } from '../domain/fault.ts';
import type { ModelCall, Tool } from '../domain/model-call.ts';
import type { AnswerSchemas } from './answer-schemas.ts';
import type { OutcomeDesk } from './outcome-desk.ts';
import { outcomeEvidence } from './outcome-evidence.ts';
import type { Received } from './received.ts';

/** An exchange that is over and told. */
export interface SeenAnswer {
  readonly received: Received;
  readonly open: OpenFact;
  readonly decision: DecisionFact;
  readonly final: FinalFact;
  readonly result: DispatchResult;
  /** What the call demanded of the form of its answer; only asked when there is something to hold against it. */
  parse(): ModelCall | Fault;
  readonly asksForm: boolean;
}

interface Turn {
  readonly seen: SeenAnswer;
  readonly endedAtMs: number;
}

const maxTurns = 5000;
/** Asking the same again later is another wish. */
const againMs = 600_000;

/**
 * Evidence that the gateway has for nothing: whether an answer kept its form, whether it was refused or cut, and what
 * people did next. Only for jobs, after the answer has left; behaviour only ever counts against an answer, weakly.
 */
export class AnswerSignals {
  readonly #desk: OutcomeDesk;
  readonly #schemas: AnswerSchemas;
  readonly #turns = new Map<string, Turn>();

  constructor(desk: OutcomeDesk, schemas: AnswerSchemas) {
    this.#desk = desk;
    this.#schemas = schemas;
  }

  /** Looks at one answer; resolves when everything is told. Never throws for what clients sent. */
  async look(seen: SeenAnswer): Promise<void> {
    if (seen.final.job === undefined || seen.open.operation !== 'generate' || seen.final.cache === 'hit') return;
    this.#lookBack(seen);
    const { final, result } = seen;
    if (final.status !== 'completed') return;
    const { completion, finishReason } = result;
    if (finishReason === 'length') this.#tell(seen, 'truncation', 0);
    const isRefused = completion?.blocks.some(({ type }) => type === 'refusal') === true;
    if (isRefused || finishReason === 'refusal' || finishReason === 'content-filter') this.#tell(seen, 'refusal', 0);
    else if (completion && seen.asksForm) await this.#lookAtForm(seen, completion);
  }

  async #lookAtForm(seen: SeenAnswer, completion: Completion): Promise<void> {
    const call = seen.parse();
    if (Fault.is(call)) return;
    const calls = completion.blocks.filter((block) => block.type === 'tool-call');
    if (calls.length > 0) {
      const verdicts = await Promise.all(calls.map((one) => this.#isValidCall(one, call.tools)));
      if (!verdicts.includes(undefined)) this.#tell(seen, 'tool_call', verdicts.includes(false) ? 0 : 1);
      return;
    }
    const { responseFormat: format } = call;
    if (format?.type !== 'json-schema' || completion.finish.reason === 'length') return;
    const text = completion.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const verdict = await this.#schemas.judge(format.schema, text);
    if (!Fault.is(verdict) && verdict.kind !== 'unusable') this.#tell(seen, 'schema', verdict.kind === 'fits' ? 1 : 0);
  }

  /** Undefined where the tool's own schema is no use. */
  async #isValidCall(
    call: { readonly name: string; readonly arguments: string },
    tools: readonly Tool[],
  ): Promise<boolean | undefined> {
    const tool = tools.find((one) => one.name === call.name);
    if (!tool) return tools.some(({ type }) => type === 'opaque') ? undefined : false;
    if (tool.type !== 'function' || tool.parameters === undefined) return isObjectText(call.arguments);
    const verdict = await this.#schemas.judge(tool.parameters, call.arguments === '' ? '{}' : call.arguments);
    if (Fault.is(verdict) || verdict.kind === 'unusable') return undefined;
    return verdict.kind === 'fits';
  }

  /** The same request again in the same conversation speaks against the answer before; so does leaving it. */
  #lookBack(seen: SeenAnswer): void {
    const { open, final, received } = seen;
    if (final.httpStatus === 499) this.#tell(seen, 'abandon', 0);
    const whose = received.controls.session ?? open.endUser;
    // Programs send the same call again for reasons of their own: only people's conversations say something.
    if (whose === undefined) return;
    const name = hash('sha256', `${open.customer}\u0000${whose}\u0000${received.bytes.toString('base64')}`, 'base64');
    const before = this.#turns.get(name);
    this.#turns.delete(name);
    if (before && open.atMs - before.endedAtMs < againMs) {
      const wasWhole = before.seen.final.status === 'completed';
      this.#tell(before.seen, wasWhole ? 'regenerate' : 'retry', 0);
    }
    this.#turns.set(name, { seen: withoutBodies(seen), endedAtMs: final.atMs });
    const [oldest] = this.#turns.keys();
    if (this.#turns.size > maxTurns && oldest !== undefined) this.#turns.delete(oldest);
  }

  #tell({ open, decision, final }: SeenAnswer, kind: string, value: number): void {
    const { requestId, customer, job, model, host, endUser } = final;
    this.#desk.noteSeen({
      type: 'outcome',
      requestId,
      atMs: final.atMs,
      kind,
      value,
      source: 'gateway',
      // Seen once, told once, also when a crash repeats it.
      idempotencyKey: `${requestId}/${kind}`,
      customer,
      model,
      ...(job !== undefined && { job }),
      ...(host !== undefined && { host }),
      ...(endUser !== undefined && { endUser }),
      ...outcomeEvidence({ open, final, decision }),
    });
  }
}

/** What is kept for later holds no prompt and no answer. */
function withoutBodies(seen: SeenAnswer): SeenAnswer {
  const nothing = Buffer.alloc(0);
  const { status, inBand, attempts, costNanos, dropped, added, continued } = seen.result;
  return {
    ...seen,
    received: { ...seen.received, bytes: nothing },
    result: { status, inBand, attempts, costNanos, dropped, added, continued },
    parse: () => new Fault('internal'),
  };
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    // Arguments that are no JSON are not valid.
    return false;
  }
}
