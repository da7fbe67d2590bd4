import { createHash } from 'node:crypto';
import type { DispatchResult } from '../../dispatch/index.ts';
import type { Completion } from '../../domain/calls/completion.ts';
import type { DecisionFact, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall, Tool } from '../../domain/calls/model-call.ts';
import type { AnswerSchemas } from '../schemas/answer-schemas.ts';
import type { OutcomeDesk } from './outcome-desk.ts';
import { outcomeEvidence } from './outcome-evidence.ts';
import type { Received } from '../received.ts';

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

/** What the form of one answer says. */
export interface FormVerdict {
  readonly kind: 'truncation' | 'refusal' | 'schema' | 'tool_call';
  readonly value: 0 | 1;
}

interface Turn {
  readonly seen: SeenAnswer;
  readonly endedAtMs: number;
}

const maxTurns = 5000;
/** Of a long request, its beginning and its end tell whether it is the same again; what is between need not be read. */
const comparedBytes = 64 * 1024;
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
  async look(seen: SeenAnswer): Promise<readonly FormVerdict[]> {
    if (seen.final.job === undefined || seen.open.operation !== 'generate' || seen.final.cache === 'hit') return [];
    this.#lookBack(seen);
    const verdicts = await this.verdictsOn(seen);
    for (const { kind, value } of verdicts) this.#tell(seen, kind, value);
    return verdicts;
  }

  /** What the form of an answer says; tells nobody. */
  async verdictsOn(seen: Pick<SeenAnswer, 'final' | 'result' | 'parse' | 'asksForm'>): Promise<readonly FormVerdict[]> {
    if (seen.final.status !== 'completed') return [];
    const { completion, finishReason } = seen.result;
    const cut: FormVerdict[] = finishReason === 'length' ? [{ kind: 'truncation', value: 0 }] : [];
    const isRefused = completion?.blocks.some(({ type }) => type === 'refusal') === true;
    if (isRefused || finishReason === 'refusal' || finishReason === 'content-filter')
      return [...cut, { kind: 'refusal', value: 0 }];
    const form = completion && seen.asksForm ? await this.#formOf(seen, completion) : undefined;
    return form ? [...cut, form] : cut;
  }

  async #formOf(seen: Pick<SeenAnswer, 'parse'>, completion: Completion): Promise<FormVerdict | undefined> {
    const call = seen.parse();
    if (Fault.is(call)) return undefined;
    const calls = completion.blocks.filter((block) => block.type === 'tool-call');
    if (calls.length > 0) {
      const verdicts = await Promise.all(calls.map((one) => this.#isValidCall(one, call.tools)));
      if (verdicts.includes(undefined)) return undefined;
      return { kind: 'tool_call', value: verdicts.includes(false) ? 0 : 1 };
    }
    const { responseFormat: format } = call;
    if (format?.type !== 'json-schema' || completion.finish.reason === 'length') return undefined;
    const text = completion.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const verdict = await this.#schemas.judge(format.schema, text);
    if (Fault.is(verdict) || verdict.kind === 'unusable') return undefined;
    return { kind: 'schema', value: verdict.kind === 'fits' ? 1 : 0 };
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
    const name = turnName(`${open.customer}\u0000${whose}`, received.bytes);
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

/** Digest of who asked and what was asked; its price does not grow with the request. */
function turnName(whose: string, bytes: Buffer): string {
  const digest = createHash('sha256').update(`${whose}\u0000${bytes.length}\u0000`);
  if (bytes.length <= 2 * comparedBytes) return digest.update(bytes).digest('base64');
  return digest.update(bytes.subarray(0, comparedBytes)).update(bytes.subarray(-comparedBytes)).digest('base64');
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
